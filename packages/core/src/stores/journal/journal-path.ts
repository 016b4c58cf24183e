import { readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** As many links as systems follow. */
const MOST_LINKS = 40;

/**
 * The one name of a file, however it is spelled and whichever links lead to it, also where it is not there yet. What is put in
 * its place by renaming is put there, and not over a link.
 *
 * @throws what the system says of a folder that is not there, and of links that go round
 */
export function realFileOf(path: string): string {
  let file = path;
  for (let links = 0; links <= MOST_LINKS; links++) {
    const folder = realpathSync.native(dirname(resolve(file)));
    const link = linkIn(join(folder, basename(file)));
    // A system that tells no capitals from small letters says which ones are the name's.
    if (link === undefined) return nativeNameOf(join(folder, basename(file)));
    file = resolve(folder, link);
  }
  throw new Error(`more than ${MOST_LINKS} links lead from ${path}`);
}

/** Where a link leads; `undefined` for what is none. */
function linkIn(file: string): string | undefined {
  try {
    return readlinkSync(file);
  } catch {
    return undefined;
  }
}

function nativeNameOf(file: string): string {
  try {
    return realpathSync.native(file);
  } catch {
    // It is not there yet.
    return file;
  }
}
