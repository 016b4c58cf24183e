import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Puts a file in the place of another one when it is whole, and on the disk.
 *
 * @param token - of the one who does it: part of the name that it has before, which nobody can have made a link of
 * @param mode - who may read it
 * @param check - asked last: what it throws leaves everything as it was
 * @returns the new one, to be added to
 */
export function replaceFile(file: string, bytes: Buffer, token: string, mode: number, check: () => void): number {
  const aside = `${file}.${token}.new`;
  const fd = openSync(aside, 'ax', 0o600);
  try {
    fchmodSync(fd, mode & 0o777);
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    fsyncSync(fd);
    check();
    renameSync(aside, file);
    syncFolder(dirname(file));
    return fd;
  } catch (error) {
    closeSync(fd);
    rmSync(aside, { force: true });
    throw error;
  }
}

/** Removes what processes have left that have ended while they wrote a file anew. */
export function removeLeftOver(file: string): void {
  const [folder, name] = [dirname(file), `${basename(file)}.`];
  for (const each of readdirSync(folder))
    if (each.startsWith(name) && /^[\w-]{12}\.new$/.test(each.slice(name.length))) rmSync(join(folder, each));
}

/** Keeps what cannot be read of a file, beside what is kept of it already. @returns the name it has */
export function keepDamaged(file: string, bytes: Buffer): string {
  for (let number = 1; ; number++) {
    const copy = `${file}.damaged${number === 1 ? '' : `-${number}`}`;
    try {
      writeFileSync(copy, bytes, { flag: 'wx', mode: 0o600 });
      return copy;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
      // Half of it would look like all of it.
      rmSync(copy, { force: true });
      throw error;
    }
  }
}

/** A new name of a file is on the disk when its folder is. Where folders cannot be synced, as on Windows, it is by itself. */
function syncFolder(folder: string): void {
  try {
    const fd = openSync(folder, 'r');
    fsyncSync(fd);
    closeSync(fd);
  } catch {
    // Nothing more can be done.
  }
}
