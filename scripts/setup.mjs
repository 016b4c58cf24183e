// Installs the workspace with the pinned pnpm, whether or not pnpm is on this machine, then builds it.
//
// `npm test` and `npm run demo` call this first, so that Node.js and npm are all a fresh clone needs.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const { packageManager } = JSON.parse(readFileSync('package.json', 'utf8'));
const underPnpm = process.env.npm_config_user_agent?.startsWith('pnpm/');

// Under `pnpm test`, pnpm itself has already brought node_modules up to date (verifyDepsBeforeRun).
if (!underPnpm) run('npx', ['--yes', packageManager, 'install', '--frozen-lockfile', '--reporter=append-only']);
run('node', ['node_modules/typescript/bin/tsc', '-b']);

function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32' });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
