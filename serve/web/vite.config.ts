// Builds the page into dist/: index.html, what it names in dist/page/, and the table by which the server embeds them all.
import { readdirSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type Plugin } from 'vite';

let out = 'dist';

/** One folder and one line for each file, in order, so that the same sources become the same bytes. */
const table: Plugin = {
  name: 'table',
  configResolved: (config) => void (out = join(config.root, config.build.outDir)),
  closeBundle() {
    const made = join(out, 'page');
    for (const name of readdirSync(made)) renameSync(join(made, name), join(out, name));
    rmdirSync(made);
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
