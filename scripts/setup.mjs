// Installs the workspace with the pinned pnpm, whether or not pnpm is on this machine, then builds it.
//
// `npm test` and `npm run demo` call this first, so that Node.js and npm are all a fresh clone needs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

// Keyv 6 asks for Node 22.19, and what Nest 12 stands on for Node 22. Both run on Node 20 all the same, and so the tests use
// them there: whoever has them there is served, too. Tests of MikroORM 7, Kysely 0.29 and better-sqlite3 13 are left out where
// these do not run.
const KNOWN =
  /Unsupported engine for (keyv@6|hookified@3|@keyv\/redis@6|file-type@22|cookie@2|@mikro-orm\/[\w-]+@7|kysely@0|better-sqlite3@13)\./;

const { packageManager } = JSON.parse(readFileSync('package.json', 'utf8'));
const underPnpm = process.env.npm_config_user_agent?.startsWith('pnpm/');

// Under `pnpm test`, pnpm itself has already brought node_modules up to date (verifyDepsBeforeRun).
if (!underPnpm) {
  const install = start(
    'npx',
    ['--yes', packageManager, 'install', '--frozen-lockfile', '--reporter=append-only'],
    'pipe',
  );
  createInterface(install.stdout).on('line', (line) => KNOWN.test(line) || console.log(line));
  await ended(install);
}
await ended(start('node', ['node_modules/typescript/bin/tsc', '-b'], 'inherit'));

function start(command, args, stdout) {
  return spawn(command, args, { stdio: ['inherit', stdout, 'inherit'], shell: process.platform === 'win32' });
}

async function ended(child) {
  const [status] = await once(child, 'close');
  if (status !== 0) process.exit(status ?? 1);
}
