// What a tarball is made of: `pnpm pack` runs this in a package's folder first, and then packs the folder `packed/`.
//
// A module for each entry point instead of one for each source file, because an import costs by the file, and the types
// as tsc wrote them. See docs/decisions/0014-bundles-in-the-tarballs.md.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build } from 'esbuild';
import { minify } from 'terser';

const OUT = 'packed';
/** Entry points that only our own packages import. */
const ADAPTERS = ['./node', './tracking'];
/** The module of those that are loaded together, and the file it becomes. */
const TOGETHER = 'together';
/** What they hand on to their users as it is. */
const HANDED_ON =
  /\bfragments[\\/](fragments|fragment-options|fragment-calls|engines[\\/](ejs|eta|nunjucks|handlebars|pug))\.d\.ts$/;
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const entries = Object.entries(manifest.exports).flatMap(([name, { default: file }]) =>
  file === undefined ? [] : [{ name, file }],
);
/** An app that has one of them has them all: one module, and a line for each that hands on what is its own. */
const together = entries.length > 1 ? entries.filter(({ name }) => name === '.' || ADAPTERS.includes(name)) : [];
const apart = entries.filter((entry) => !together.includes(entry)).map(({ file }) => file);
const settings = {
  outdir: join(OUT, 'dist'),
  outbase: 'dist',
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  minifySyntax: true,
  logLevel: 'warning',
};

rmSync(OUT, { recursive: true, force: true });
const { metafile } = await build({
  ...settings,
  metafile: true,
  ...(together.length > 1
    ? {
        // By what each becomes, beside the others.
        entryPoints: Object.fromEntries(
          [TOGETHER, ...apart].map((file) => [join(file).replace(/^dist.|\.js$/g, ''), file]),
        ),
        plugins: [{ name: 'together', setup: (esbuild) => joinEntries(esbuild, together) }],
      }
    : { entryPoints: entries.map(({ file }) => file) }),
  // What two entry points share is a module of its own, so that there is one copy of what it keeps.
  splitting: true,
  chunkNames: 'shared-[hash]',
});
if (together.length > 1) {
  const { exports } = Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint?.startsWith(TOGETHER));
  await handOn(together, new Set(exports));
}

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

/** Makes a module of all that entry points export. */
function joinEntries(esbuild, joined) {
  esbuild.onResolve({ filter: new RegExp(`^${TOGETHER}$`) }, ({ path }) => ({ path, namespace: TOGETHER }));
  esbuild.onLoad({ filter: /./, namespace: TOGETHER }, () => ({
    contents: joined.map(({ file }) => `export * from '${file}';`).join('\n'),
    resolveDir: process.cwd(),
  }));
}

/** Writes for each of those entry points a module of the names it exports. */
async function handOn(joined, isThere) {
  for (const { file } of joined) {
    const { metafile } = await build({ ...settings, entryPoints: [file], write: false, metafile: true });
    const names = Object.values(metafile.outputs).flatMap(({ exports }) => exports);
    // Two entry points that give one name to two things: `export *` leaves out both.
    const missing = names.filter((name) => !isThere.has(name));
    if (missing.length > 0) throw new Error(`${missing.join(', ')}: not the same in ${joined.map((it) => it.file)}`);
    const to = join(OUT, file);
    const path = relative(dirname(to), join(OUT, 'dist', `${TOGETHER}.js`)).replaceAll('\\', '/');
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, `export{${names.join(',')}}from'${path.startsWith('.') ? path : `./${path}`}';\n`);
  }
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
