// Builds the page into dist/: index.html, what it names, the licences of what is in it, and the table by which the server
// embeds them all.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type Plugin } from 'vite';

let [root, out] = ['.', 'dist'];

/** The packages that the page holds, and those that they hold. */
function held(of: string): string[] {
  const { dependencies = {} } = JSON.parse(readFileSync(join(of, 'package.json'), 'utf8'));
  const own = Object.keys(dependencies).sort();
  return [...own, ...own.flatMap((name) => held(join(root, 'node_modules', name)))];
}

/** The words under which others let us have their work, in a file that index.html names. */
function licences(): void {
  const texts = held(root).map((name) => {
    const place = join(root, 'node_modules', name);
    const { version, license } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
    return `${name} ${version} (${license})\n\n${readFileSync(join(place, 'LICENSE'), 'utf8').trim()}\n`;
  });
  const text = texts.join(`\n${'-'.repeat(78)}\n\n`);
  const name = `licences-${createHash('sha256').update(text).digest('hex').slice(0, 8)}.txt`;
  writeFileSync(join(out, name), text);
  const index = join(out, 'index.html');
  const link = `  <link rel="license" href="./page/${name}" />\n  </head>`;
  writeFileSync(index, readFileSync(index, 'utf8').replace('</head>', link));
}

/** One folder and one line for each file, in order, so that the same sources become the same bytes. */
const table: Plugin = {
  name: 'table',
  configResolved: (config) => void ([root, out] = [config.root, join(config.root, config.build.outDir)]),
  closeBundle() {
    const made = join(out, 'page');
    for (const name of readdirSync(made)) renameSync(join(made, name), join(out, name));
    rmdirSync(made);
    licences();
    const names = readdirSync(out).filter((name) => name !== 'table.rs').sort();
    const lines = names.map((name) => `    ("${name}", include_bytes!("${name}")),\n`);
    writeFileSync(join(out, 'table.rs'), `// Made by serve/web/vite.config.ts.\n&[\n${lines.join('')}]\n`);
  },
};

export default defineConfig({
  // Relative, so that it works below any path.
  base: './',
  plugins: [table],
  build: {
    assetsDir: 'page',
    // Nothing in line: the policy allows no script and no style that is not a file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    rollupOptions: {
      output: {
        entryFileNames: 'page/app-[hash].js',
        chunkFileNames: 'page/[name]-[hash].js',
        assetFileNames: 'page/[name]-[hash][extname]',
      },
    },
  },
});
