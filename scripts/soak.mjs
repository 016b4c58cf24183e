// Runs the tests that take minutes: races, outages and traces at full length, scenarios with each version of an ORM (`*.soak.ts`),
// by the same jest as `npm test`.
//
// Arguments go on to jest: `npm run test:soak -- races`.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const [, ...jest] = JSON.parse(readFileSync('package.json', 'utf8')).scripts.test.split(' ');
const only = ['--testMatch', '**/*.soak.js', '--'];
const pattern = process.argv.slice(2);

const { stdout } = spawnSync(process.execPath, [...jest, '--listTests', ...only, ...pattern], { encoding: 'utf8' });
if (stdout.trim() === '') {
  console.log(`There is no soak test${pattern.length > 0 ? ' of that name' : ' yet'}: nothing to run.`);
  process.exit(pattern.length > 0 ? 1 : 0);
}
const { status } = spawnSync(process.execPath, [...jest, ...only, ...pattern], {
  stdio: 'inherit',
  env: { ...process.env, VIEWCACHE_SOAK: '1' },
});
process.exit(status ?? 1);
