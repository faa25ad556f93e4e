// What all parts need: programs of ours, patience, and words for what has been seen.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const [place, binary, address, ...named] = process.argv.slice(2);
/** Where scripts/page has put what it builds with. */
export const modules = resolve(place);
/** The program. */
export const program = resolve(binary);
/** A synthetic provider. */
export const station = address;
/** The parts that are wanted. */
export const parts = named;
/** Where pictures go, if anybody wants them. */
export const shots = process.env.SHOTS || undefined;
/** In ms. */
export const PATIENCE = 1000 * (process.env.PATIENCE ?? 30);

/** Nothing of it is left in the end. */
export const folder = mkdtempSync(join(tmpdir(), 'coax-page-'));
const running = [];
const began = Date.now();

export const tell = (what) => console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(5)} s  ${what}`);

/** A program of ours that says where it listens, and all that it has said. */
export async function start(args, variables = {}) {
  const env = { PATH: process.env.PATH, ...variables };
  const child = spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  const said = { out: '', log: '' };
  child.stderr.on('data', (bytes) => (said.log += bytes));
  child.stdout.on('data', (bytes) => (said.out += bytes));
  const url = await until(`coax ${args[0]} is ready`, () => /^ready (\S+)/m.exec(said.out)?.[1], said);
  return { url, said };
}

/** Ends all that was started. */
export function stop() {
  for (const child of running) child.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
}

/** Looks again and again until it is so. */
export async function until(what, look, said) {
  const end = Date.now() + PATIENCE;
  let last;
  while (Date.now() < end) {
    try {
      const found = await look();
      if (found) return found;
      last = found;
    } catch (error) {
      last = error;
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`not within ${PATIENCE / 1000} s: ${what} (${last})\n${said?.log.slice(-2000) ?? ''}`);
}

export function assert(holds, what) {
  if (!holds) throw new Error(what);
}

export const json = async (address, init) => (await fetch(address, init)).json();

/** How many watch, as a relay tells it. */
export const viewers = async (url) => (await json(`${url}/status.json`)).totals.viewers;
