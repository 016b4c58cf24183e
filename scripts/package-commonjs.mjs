// Whether the packages can be made CommonJS of, as Jest does in an app of Nest: see docs/guides/testing.md.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const TSC = resolve('node_modules/typescript/bin/tsc');
/** Of what is in bundles, classes with private fields are made anew in this. */
const TARGET = 'es2021';

/**
 * Compiles installed packages to CommonJS, and loads what came out.
 *
 * @param app - where they are installed
 * @param entries - for `require()`
 * @param folders - of the packages, in packages/
 * @returns what is wrong
 */
export function commonJsProblems(app, entries, folders) {
  const cwd = join(app, 'commonjs');
  for (const folder of folders)
    compile(join('@viewcache', folder), join(app, 'node_modules'), join(cwd, 'node_modules'));
  const program = `
    for (const entry of ${JSON.stringify(entries)}) require(entry);
    const { CacheError, ConfigError } = require('@viewcache/core');
    const error = new ConfigError('setting', 1, '2');
    if (!require.resolve('@viewcache/core').startsWith(process.cwd())) throw new Error('not what was compiled');
    if (!(error instanceof CacheError) || ConfigError.name !== 'ConfigError') throw error;`;
  const { status, stderr } = spawnSync(process.execPath, ['--eval', program], { cwd, encoding: 'utf8' });
  return status === 0 ? [] : [stderr.trim()];
}

function compile(name, from, to) {
  const { type: _, ...manifest } = JSON.parse(readFileSync(join(from, name, 'package.json'), 'utf8'));
  const files = readdirSync(join(from, name, 'dist'), { recursive: true })
    .filter((file) => file.endsWith('.js'))
    .map((file) => join(from, name, 'dist', file));
  const options = ['--ignoreConfig', '--allowJs', '--noCheck', '--module', 'commonjs', '--target', TARGET];
  const places = ['--rootDir', join(from, name), '--outDir', join(to, name)];
  // What it cannot resolve it says, and compiles all the same.
  spawnSync(process.execPath, [TSC, ...options, '--esModuleInterop', ...places, ...files], { cwd: from });
  writeFileSync(join(to, name, 'package.json'), JSON.stringify(manifest));
}
