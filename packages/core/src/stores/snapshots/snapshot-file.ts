import { open, readdir, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Writes a file so that whoever opens it finds the old one or the new one, whole, whenever the process or the machine stops:
 * beside it first, and put in its place once it is on the disk.
 *
 * Readable by its owner alone: what is cached may be anybody's.
 *
 * @throws what the file system says; the old file is as it was then
 */
export function replaceFile(path: string, parts: Iterable<Buffer>): Promise<number> {
  // One after the other: two at once would write into the same file beside it.
  const before = underWay.get(path) ?? Promise.resolve(0);
  const writing = before.catch(() => 0).then(() => replace(path, parts));
  underWay.set(path, writing);
  const done = () => {
    if (underWay.get(path) === writing) underWay.delete(path);
  };
  writing.then(done, done);
  return writing;
}

const underWay = new Map<string, Promise<number>>();

async function replace(path: string, parts: Iterable<Buffer>): Promise<number> {
  const beside = besideName(path, process.pid);
  let bytes = 0;
  try {
    const file = await open(beside, 'w', 0o600);
    try {
      for (const part of parts) {
        await file.appendFile(part);
        bytes += part.length;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await unlink(beside).catch(() => {});
    throw error;
  }
  await syncFolder(dirname(path));
  return bytes;
}

/** Takes away what processes that are no more have left beside a file, in the middle of writing it. */
export async function removeLeftovers(path: string): Promise<void> {
  const folder = dirname(path);
  const [before, after] = besideName(basename(path), '?').split('?') as [string, string];
  const names = await readdir(folder).catch(() => [] as string[]);
  for (const name of names) {
    if (!name.startsWith(before) || !name.endsWith(after)) continue;
    const pid = Number(name.slice(before.length, -after.length));
    // In a container every process has the same number: its own leftover is written over.
    if (Number.isInteger(pid) && pid > 0 && pid !== process.pid && !isRunning(pid))
      await unlink(join(folder, name)).catch(() => {});
  }
}

function besideName(path: string, writer: number | string): string {
  return `${path}.${writer}.tmp`;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process may not be asked, and runs.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** So that the new name outlives the machine's failure too; not every system can. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // Windows opens no folder. The rename is atomic all the same.
  }
}
