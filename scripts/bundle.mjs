// What a tarball is made of: `pnpm pack` runs this in a package's folder first, and then packs the folder `packed/`.
//
// A module for each entry point instead of one for each source file, because an import costs by the file, and the types
// as tsc wrote them. See docs/decisions/0014-bundles-in-the-tarballs.md.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const OUT = 'packed';
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const entries = Object.values(manifest.exports).flatMap((entry) => entry.default ?? []);

rmSync(OUT, { recursive: true, force: true });
await build({
  entryPoints: entries,
  outdir: join(OUT, 'dist'),
  outbase: 'dist',
  bundle: true,
  // What two entry points share is a module of its own, so that there is one copy of what it keeps.
  splitting: true,
  chunkNames: 'shared-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  // Names stay, so that stacks can be read; the lines stay short enough for their numbers to say where.
  minifyWhitespace: true,
  lineLimit: 120,
  logLevel: 'warning',
  plugins: [{ name: 'own-folder', setup: keepOwnFolder }],
});

const { scripts: _, publishConfig: __, ...published } = manifest;
writeFileSync(join(OUT, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
copyFileSync('README.md', join(OUT, 'README.md'));
for (const file of readdirSync('dist', { recursive: true })) {
  if (!file.endsWith('.d.ts') || /\.(test|soak)\./.test(file)) continue;
  const to = join(OUT, 'dist', file);
  mkdirSync(dirname(to), { recursive: true });
  // The declaration maps lead to sources that are not in the tarball.
  writeFileSync(to, readFileSync(join('dist', file), 'utf8').replace(/\/\/# sourceMappingURL=.*\s*$/, ''));
}

/** The input guard tells its own frames by the folder of one of its files, which is no file any more. */
function keepOwnFolder({ onLoad }) {
  onLoad({ filter: /[\\/]node[\\/]readers\.js$/ }, ({ path }) => {
    const [before, after, ...more] = readFileSync(path, 'utf8').split('import.meta.url');
    if (after === undefined || more.length > 0) throw new Error(`${path} names import.meta.url not once`);
    return { contents: `${before}new URL('./readers.js', import.meta.url).href${after}` };
  });
}
