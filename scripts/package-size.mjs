// What a user pays for a package: how much is installed beside the framework, and how long the import takes.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commonJsProblems } from './package-commonjs.mjs';

/**
 * What a package may add to its framework. Machines differ and are noisy: the check of the import time fails only where it
 * takes more than `share` of the CPU time that the framework's own import takes in the same process.
 */
const bounds = [
  { name: 'express', beside: 'express', with: [], packages: 3, kilobytes: 1080, ms: 12, share: 0.5 },
  {
    ...{ name: 'nestjs', beside: '@nestjs/core', packages: 3, kilobytes: 1240, ms: 40, share: 0.4 },
    with: ['@nestjs/common', '@nestjs/platform-express', 'reflect-metadata', 'rxjs'],
  },
];

/**
 * Installs tarballs with npm as a user would, each package beside its framework in a folder of its own, and measures.
 *
 * @param tarballs - the path of each packed package, by its folder in packages/
 * @param scratch - a folder to work in
 * @returns lines for a report, each with the problems it has
 */
export function checkInstalls(tarballs, scratch) {
  return bounds.flatMap((bound) => {
    const app = join(scratch, `beside-${bound.name}`);
    mkdirSync(app);
    writeFileSync(join(app, 'package.json'), '{ "private": true }\n');
    // The release our own tests run on, so that a new one does not change the answer.
    const { devDependencies } = manifestOf(bound.name);
    npmInstall(
      app,
      [bound.beside, ...bound.with].map((name) => `${name}@${devDependencies[name]}`),
    );
    const before = installed(app);
    npmInstall(
      app,
      [...withOwnDependencies(bound.name)].map((folder) => tarballs.get(folder)),
    );
    const added = installed(app).filter((path) => !before.includes(path));
    return [checkSize(bound, added, app), checkImport(bound, app), checkRequire(bound, app), checkCommonJs(bound, app)];
  });
}

function checkSize({ name, beside, packages, kilobytes }, added, app) {
  const size = Math.ceil(added.reduce((sum, path) => sum + bytesIn(join(app, path)), 0) / 1000);
  const problems = [];
  if (added.length > packages) problems.push(`more than ${packages} packages: ${added.join(', ')}`);
  if (size > kilobytes) problems.push(`more than ${kilobytes} KB`);
  return { says: `@viewcache/${name} adds ${added.length} packages and ${size} KB to ${beside}`, problems };
}

function checkImport({ name, beside, ms, share }, app) {
  const program = `const before = process.cpuUsage(); await import('${beside}');
    const theirs = process.cpuUsage(before); const between = process.cpuUsage(); await import('@viewcache/${name}');
    const ours = process.cpuUsage(between);
    console.log(JSON.stringify([theirs, ours].map(({ user, system }) => (user + system) / 1000)));`;
  const times = Array.from({ length: 9 }, () => JSON.parse(node(app, ['--input-type=module', '--eval', program])));
  // The fastest, because whatever else the machine does can only add.
  const theirs = Math.min(...times.map(([first]) => first));
  const ours = Math.min(...times.map(([, second]) => second));
  const over = ours > ms ? ` (the aim is ${ms} ms)` : '';
  return {
    says: `@viewcache/${name} adds ${ours.toFixed(1)} ms of CPU to the ${theirs.toFixed(1)} ms of importing ${beside}${over}`,
    problems: ours < share * theirs ? [] : [`more than ${share} times as much as ${beside} itself`],
  };
}

/** A top-level await anywhere in a package would throw ERR_REQUIRE_ASYNC_MODULE into every CommonJS app. */
function checkRequire({ name }, app) {
  const entries = entriesOf(name);
  const problems = [];
  for (const entry of entries) {
    try {
      node(app, ['--eval', `require('${entry}')`]);
    } catch (error) {
      problems.push(`require('${entry}'): ${error.message}`);
    }
  }
  return { says: `require() of ${entries.length} entry points of @viewcache/${name} and what it depends on`, problems };
}

function checkCommonJs({ name }, app) {
  const problems = commonJsProblems(app, entriesOf(name), [...withOwnDependencies(name)]);
  return { says: `@viewcache/${name} and what it depends on, compiled to CommonJS`, problems };
}

/** For import and require, those of what the package depends on, too. */
function entriesOf(name) {
  return [...withOwnDependencies(name)].flatMap((folder) =>
    Object.keys(manifestOf(folder).exports).map((entry) => `@viewcache/${folder}${entry.slice(1)}`),
  );
}

function* withOwnDependencies(folder) {
  yield folder;
  for (const name of Object.keys(manifestOf(folder).dependencies ?? {}))
    if (name.startsWith('@viewcache/')) yield* withOwnDependencies(name.slice('@viewcache/'.length));
}

function manifestOf(folder) {
  return JSON.parse(readFileSync(join('packages', folder, 'package.json'), 'utf8'));
}

/** The folders of the installed packages, as npm noted them. */
function installed(app) {
  return Object.keys(JSON.parse(readFileSync(join(app, 'node_modules/.package-lock.json'), 'utf8')).packages);
}

function bytesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function npmInstall(app, what) {
  const shell = process.platform === 'win32';
  const args = ['install', '--prefix', app, '--prefer-offline', '--no-audit', '--no-fund', ...what];
  const { status, stderr, error } = spawnSync('npm', args, { cwd: app, encoding: 'utf8', shell });
  if (error) throw error;
  if (status !== 0) throw new Error(`npm install ${what.join(' ')}\n${stderr}`);
}

function node(cwd, args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr.trim());
  return stdout;
}
