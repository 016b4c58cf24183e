// What a tarball is made of: `pnpm pack` runs this in a package's folder first, and then packs the folder `packed/`.
//
// A module for each entry point instead of one for each source file, because an import costs by the file, and the types
// as tsc wrote them. See docs/decisions/0014-bundles-in-the-tarballs.md.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { minify } from 'terser';

const OUT = 'packed';
/** Entry points that only our own packages import. */
const ADAPTERS = ['./node', './tracking'];
/** What they hand on to their users as it is. */
const HANDED_ON =
  /\bfragments[\\/](fragments|fragment-options|fragment-calls|engines[\\/](ejs|eta|nunjucks|handlebars|pug))\.d\.ts$/;
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
  minifySyntax: true,
  logLevel: 'warning',
});

for (const file of readdirSync(join(OUT, 'dist'), { recursive: true }))
  if (file.endsWith('.js')) await shorten(join(OUT, 'dist', file));

const { scripts: _, publishConfig: __, ...published } = manifest;
writeFileSync(join(OUT, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
copyFileSync('README.md', join(OUT, 'README.md'));
const userEntries = Object.entries(manifest.exports).filter(([name]) => !ADAPTERS.includes(name));
const forUsers = typesFrom(userEntries);
const named = new Set(
  userEntries.flatMap(([, entry]) => (entry.types === undefined ? [] : typesIn(join(entry.types)))),
);
for (const file of typesFrom(Object.entries(manifest.exports))) {
  const to = join(OUT, file);
  mkdirSync(dirname(to), { recursive: true });
  // The declaration maps lead to sources that are not in the tarball.
  const types = readFileSync(file, 'utf8')
    .replace(/\/\/# sourceMappingURL=.*\s*$/, '')
    // One space each: tsc's four are kilobytes.
    .replace(/^ {4,}/gm, (indent) => ' '.repeat(indent.length / 4) + ' '.repeat(indent.length % 4));
  // What is there for our own packages alone, or for the compiler to follow a type through, nobody reads in an editor: what an entry
  // point names itself, and what that is made of among options and calls.
  const isRead =
    (forUsers.has(file) &&
      (named.has(file) || /\bdist[\\/](cache|config|keyv-memory|telemetry|testing)[\\/]/.test(file))) ||
    HANDED_ON.test(file);
  writeFileSync(to, isRead ? types : types.replace(/^ *\/\*\*[\s\S]*?\*\/\n/gm, ''));
}

/**
 * Leaves out white space, and gives short names to what is local to a function or a module. Functions and classes keep theirs, so
 * that stacks can be read; the lines stay short enough for their numbers to say where.
 */
async function shorten(file) {
  const { code } = await minify(readFileSync(file, 'utf8'), {
    ecma: 2020,
    // So that what a module keeps to itself gets a short name, too, where it is no function and no class.
    module: true,
    compress: false,
    mangle: { keep_classnames: true, keep_fnames: true },
    format: { max_line_len: 120 },
  });
  // esbuild puts statements into one. A compiler that makes private fields of an older kind, as of a test runner, looks for
  // the call of `super` among the statements themselves.
  writeFileSync(file, code.replace(/([{;]\s*super\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)),/g, '$1;'));
}

/** The files of types that entry points lead to, and so a compiler: most modules are nobody's business. */
function typesFrom(entryPoints) {
  const found = new Set();
  const open = entryPoints.flatMap(([, entry]) => (entry.types === undefined ? [] : [join(entry.types)]));
  for (const file of open) {
    if (found.has(file)) continue;
    found.add(file);
    open.push(...typesIn(file));
  }
  return found;
}

/** The files of types that one of them names. */
function typesIn(file) {
  const paths = readFileSync(file, 'utf8').matchAll(/(?:from |import\()'(\.[^']+)\.js'/g);
  return [...paths].map(([, path]) => join(dirname(file), `${path}.d.ts`));
}
