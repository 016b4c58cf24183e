// Packs every public package as it would be published and checks what a user would get.
//
// The tarballs come from the pinned pnpm, which writes real versions where the sources say `workspace:^`.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { checkInstalls } from './package-size.mjs';

const { packageManager } = JSON.parse(readFileSync('package.json', 'utf8'));
const unwanted = /\.map$|\.(test|soak)\.|tsbuildinfo|^src\//;
const scratch = mkdtempSync(join(tmpdir(), 'viewcache-pack-'));
let failures = 0;

try {
  const tarballs = new Map();
  for (const folder of readdirSync('packages').sort()) {
    const { private: unpublished } = JSON.parse(readFileSync(join('packages', folder, 'package.json'), 'utf8'));
    if (!unpublished) tarballs.set(folder, checkTarball(folder));
  }
  for (const { says, problems } of checkInstalls(tarballs, scratch)) report(says, problems);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
process.exit(failures > 0 ? 1 : 0);

/** Packs one package and reports on what came out; says where the tarball is. */
function checkTarball(folder) {
  const out = join(scratch, folder);
  mkdirSync(out);
  const pack = ['--yes', packageManager, '--dir', resolve('packages', folder), 'pack', '--pack-destination', out];
  const { status, output } = run('npx', pack);
  if (status !== 0) throw new Error(`pnpm pack failed in packages/${folder}:\n${output}`);
  const tarball = join(out, readdirSync(out)[0]);
  run('tar', ['-xzf', tarball, '-C', out]);

  const root = join(out, 'package');
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
  const problems = files.filter((file) => unwanted.test(file)).map((file) => `${file} has no business in it`);
  if (readFileSync(join(root, 'package.json'), 'utf8').includes('"workspace:'))
    problems.push('it depends on workspace:');
  problems.push(...complaints('publint', ['run', tarball, '--strict']));
  // A CommonJS app gets ES modules from require(): every supported Node can do that, and TypeScript knows with `nodenext`.
  problems.push(...complaints('attw', [tarball, '--ignore-rules', 'cjs-resolves-to-esm']));
  problems.push(...renamedErrors(root));
  report(`@viewcache/${folder}: a tarball of ${files.length} files, publint, attw`, problems);
  return tarball;
}

/** Errors whose classes the bundler has given other names: an error that nobody has caught is printed by that. */
function renamedErrors(root) {
  const script = `
    import * as all from '@viewcache/core';
    const renamed = Object.entries(all).filter(([name, it]) => name.endsWith('Error') && it.name !== name);
    console.log(renamed.map(([name, it]) => name + ' is called ' + it.name).join('; '));`;
  if (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).name !== '@viewcache/core') return [];
  // A package may import itself by its name.
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) return [`it cannot be imported:\n${stderr}`];
  return stdout.trim() === '' ? [] : [stdout.trim()];
}

function complaints(tool, args) {
  const { status, output } = run(resolve('node_modules/.bin', tool), args);
  return status === 0 ? [] : [`${tool}:\n${output.trim()}`];
}

function report(says, problems) {
  console.log(`${problems.length > 0 ? 'FAILED' : 'ok    '} ${says}`);
  for (const problem of problems) console.log(`       ${problem.replaceAll('\n', '\n       ')}`);
  failures += problems.length;
}

function run(command, args) {
  const shell = process.platform === 'win32';
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', shell });
  if (error) throw error;
  return { status, output: `${stdout}${stderr}` };
}
