import { type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../../base/errors.js';
import { realFileOf } from './journal-path.js';

/**
 * The one name of the file that a journal is to be. Looks before anything is made beside it: a device would be replaced.
 *
 * @throws {@link ConfigError} where its folder is not there, and where something is there that is no file
 */
export function fileFor(setting: string, path: string): string {
  let file: string;
  let found: Stats | undefined;
  try {
    file = realFileOf(path);
    found = statSync(file, { throwIfNoEntry: false });
  } catch (error) {
    throw new ConfigError(setting, path, `a file in a folder that can be written (${(error as Error).message})`);
  }
  if (found === undefined || found.isFile()) return file;
  if (!found.isDirectory()) throw new ConfigError(setting, path, 'the path of a file', undefined, 'is no file');
  throw new ConfigError(setting, path, 'the path of a file', `'${join(path, 'writes.journal')}'`, 'is a folder');
}

/** @throws {@link ConfigError} for the journal of another strategy: nobody would look for its writes here */
export function checkOwner(
  setting: string,
  { file, strategy }: { readonly file: string; readonly strategy: string },
  owner: string | undefined,
  waiting: number,
): void {
  if (owner === undefined || owner === strategy) return;
  const renamed =
    waiting === 0
      ? `remove this one, if '${strategy}' was called '${owner}' before`
      : `if '${strategy}' was called '${owner}' before, call it that until they are saved`;
  const waits = waiting === 0 ? 'no write waits' : waiting === 1 ? '1 write waits' : `${waiting} writes wait`;
  throw new ConfigError(
    setting,
    file,
    `a file of its own for each strategy; or ${renamed}`,
    undefined,
    `is the journal of the strategy '${owner}', in which ${waits}, and not of '${strategy}'`,
  );
}

/** What a journal has to be that cannot be opened, by what the system says of it. */
export function whatIsMissing(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  return `${isFull ? 'a file on a disk with room for it' : 'a file that can be read and written'} (${message})`;
}
