// Runs the command of `npm test` on the supported Nodes other than the one running, over the output already built.
//
// The binaries come from npm, so npm is all that is needed; they stay in .nodes/ for the next time.
// Arguments go on to jest: `npm run test:nodes -- freshness`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, resolve } from 'node:path';
import { nodes } from '../test/dist/matrix.js';

const running = Number.parseInt(process.versions.node, 10);
const total = { passed: 0, failed: 0, skipped: 0 };
const lines = [];

for (const major of nodes.filter((it) => it !== running)) {
  const { version, passed, failed, skipped } = runTests(major);
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
  lines.push(`Node ${version}: ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} left out` : ''}`);
}

console.log(`\n${lines.join('\n')}`);
console.log(`${total.passed} passed, ${total.failed} failed`);
const { VIEWCACHE_TEST_SUMMARY: summary } = process.env;
if (summary) writeFileSync(summary, `${JSON.stringify(total)}\n`);
process.exit(total.failed > 0 ? 1 : 0);

function runTests(major) {
  const node = install(major);
  if (node === undefined) return { version: `${major} (not installed)`, passed: 0, failed: 1, skipped: 0 };
  const version = versionOf(node);
  console.log(`\nNode ${version}`);

  // What package.json says, so that the two can not drift apart.
  const [, ...jest] = JSON.parse(readFileSync('package.json', 'utf8')).scripts.test.split(' ');
  const counts = resolve(`.nodes/${major}/summary.json`);
  rmSync(counts, { force: true });
  const { status } = spawnSync(node, [...jest, ...process.argv.slice(2)], {
    stdio: 'inherit',
    // A test that spawns `node` means this one.
    env: {
      ...process.env,
      PATH: `${dirname(node)}${delimiter}${process.env.PATH}`,
      VIEWCACHE_TEST_SUMMARY: counts,
    },
  });
  if (!existsSync(counts)) return { version, passed: 0, failed: 1, skipped: 0 };
  const { passed, failed, skipped } = JSON.parse(readFileSync(counts, 'utf8'));
  return { version, passed, failed: failed === 0 && status !== 0 ? 1 : failed, skipped };
}

/** The binary of that major, installed unless it is there; undefined if it can not be had. */
function install(major) {
  const prefix = resolve(`.nodes/${major}`);
  const windows = process.platform === 'win32';
  // What the npm package `node` would install from an install script, which npm is about to stop running.
  const family = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
  const name = `${family}-${windows ? 'win' : process.platform}-${process.arch}`;
  const node = resolve(prefix, 'node_modules', name, windows ? 'bin/node.exe' : 'bin/node');
  if (versionOf(node)?.startsWith(`${major}.`)) return node;
  mkdirSync(prefix, { recursive: true });
  // A manifest of its own, or npm would look for one further up and find the workspace's.
  writeFileSync(resolve(prefix, 'package.json'), '{ "private": true }\n');
  spawnSync('npm', ['install', '--no-save', '--no-package-lock', '--prefix', prefix, `${name}@${major}`], {
    stdio: 'inherit',
    cwd: prefix,
    shell: windows,
  });
  return versionOf(node)?.startsWith(`${major}.`) ? node : undefined;
}

function versionOf(node) {
  const { status, stdout } = spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
