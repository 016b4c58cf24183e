import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A server that tests start themselves, and where its program may come from. */
export interface Program {
  /** The names it goes by, best first: `['redis-server', 'valkey-server']`. */
  readonly names: readonly string[];
  /** The environment variable that names the file, where it is not on the PATH. */
  readonly variable: string;
  /** The Debian package that has it, and may be installed: it starts nothing by itself. */
  readonly debian?: string;
  /** Further folders to look in. */
  readonly folders?: readonly string[];
}

/** Where programs are that no user's PATH names. */
const FURTHER = ['/usr/local/bin', '/usr/local/sbin', '/usr/bin', '/usr/sbin', '/opt/homebrew/bin'];

/**
 * The file of a server's program: what the environment variable names, else the first on the PATH, else, for root on Debian,
 * what `apt-get install` brings.
 *
 * @throws one error that says what to install, and which variable to set
 */
export function findProgram(program: Program): string {
  const named = process.env[program.variable];
  if (named !== undefined && named !== '') {
    if (isProgram(named)) return named;
    throw new Error(`${program.variable}=${named} is not a file that can be run`);
  }
  const found = search(program) ?? (install(program) ? search(program) : undefined);
  if (found !== undefined) return found;
  const how = program.debian === undefined ? '' : ` (Debian: apt-get install ${program.debian})`;
  throw new Error(
    `These tests start ${program.names.join(' or ')} themselves, and there is none: install it${how}, ` +
      `or let ${program.variable} name the file.`,
  );
}

function search(program: Program): string | undefined {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const folders = [...onPath, ...FURTHER, ...(program.folders ?? [])];
  return program.names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram);
}

/** The lock is waited for: several suites may find at once that it is missing. */
function install({ debian }: Program): boolean {
  if (debian === undefined || process.getuid?.() !== 0) return false;
  const apt = (...words: string[]): boolean =>
    spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=120', '-y', '-q', ...words], {
      stdio: 'ignore',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeout: 300_000,
    }).status === 0;
  const wanted = ['install', '--no-install-recommends', debian];
  return apt(...wanted) || (apt('update') && apt(...wanted));
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
