// Everything a change must pass, in order; the last line counts the tests of all Nodes and one for each check.
//
// A failed check does not hide the next one, so one run tells all there is to mend; only a build that fails ends it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const scratch = mkdtempSync(join(tmpdir(), 'viewcache-ci-'));
const total = { passed: 0, failed: 0 };
const lines = [];

if (tests('test')) {
  check('lint');
  check('check:package');
  check('check:unused');
  tests('test:nodes');
} else {
  lines.push('The build failed, or no test could run: nothing else was tried.');
}

rmSync(scratch, { recursive: true, force: true });
console.log(`\n${lines.join('\n')}`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed > 0 ? 1 : 0);

/** Counts the tests of an npm script; false if it did not come to running any. */
function tests(script) {
  const summary = join(scratch, `${script.replace(':', '-')}.json`);
  const succeeded = run(script, { VIEWCACHE_TEST_SUMMARY: summary });
  const ran = existsSync(summary);
  const { passed, failed } = ran ? JSON.parse(readFileSync(summary, 'utf8')) : { passed: 0, failed: 1 };
  // A run that exits with an error for a reason no test shows has failed all the same.
  count(script, passed, failed === 0 && !succeeded ? 1 : failed);
  return ran;
}

function check(script) {
  const succeeded = run(script, {});
  count(script, succeeded ? 1 : 0, succeeded ? 0 : 1);
}

function count(script, passed, failed) {
  total.passed += passed;
  total.failed += failed;
  lines.push(`${failed > 0 ? 'FAILED' : 'ok    '} npm run ${script}: ${passed} passed, ${failed} failed`);
}

function run(script, env) {
  console.log(`\n> npm run ${script}`);
  const { status } = spawnSync('npm', ['run', '--silent', script], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
    shell: process.platform === 'win32',
  });
  return status === 0;
}
