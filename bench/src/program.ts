import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A server that the bench starts itself, and where its program may come from. */
export interface Program {
  /** The names it goes by, best first. */
  readonly names: readonly string[];
  /** The environment variable that names the file, where it is not on the PATH. */
  readonly variable: string;
  /** The Debian package that has it. */
  readonly debian: string;
}

/** Where programs are that no user's PATH names. */
const FURTHER = ['/usr/local/bin', '/usr/local/sbin', '/usr/bin', '/usr/sbin', '/opt/homebrew/bin'];

/**
 * The file of a server's program: what the environment variable names, else the first on the PATH. Nothing is installed.
 *
 * @throws one error that says what to install, and which variable to set
 */
export function findProgram({ names, variable, debian }: Program): string {
  const named = process.env[variable];
  if (named !== undefined && named !== '') {
    if (isProgram(named)) return named;
    throw new Error(`${variable}=${named} is not a file that can be run`);
  }
  const folders = [...(process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== ''), ...FURTHER];
  const found = names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram);
  if (found !== undefined) return found;
  throw new Error(
    `The bench starts ${names.join(' or ')} itself, and there is none: install it ` +
      `(Debian: apt-get install ${debian}), or let ${variable} name the file.`,
  );
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
