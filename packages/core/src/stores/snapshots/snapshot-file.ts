import { randomBytes } from 'node:crypto';
import { type FileHandle, lstat, open, readdir, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** What a file is made of. */
export interface FileParts {
  readonly parts: Iterable<Buffer>;
  /** Made when all others are on the disk. */
  last(): Buffer;
}

/** A file beside that nobody has written to for so long, and whose writer does not run here, is left over. */
const QUIET_MS = 60_000;
/** Where a process of that number runs: it may be another one. In a container all have the same. */
const QUIET_WHILE_RUNNING_MS = 3_600_000;

/**
 * Writes a file so that whoever opens it finds the old one or the new one, whole, whenever the process or the machine stops:
 * beside it first, and put in its place once it is on the disk.
 *
 * Readable by its owner alone: what is cached may be anybody's. Several may write at once, also from other threads and machines: each
 * beside for itself, and the last one that is done holds.
 *
 * @throws what the file system says; the old file is as it was then
 */
export function replaceFile(path: string, content: FileParts): Promise<number> {
  // One after the other: of two at once the one that was begun last is to hold.
  const before = underWay.get(path) ?? Promise.resolve(0);
  const writing = before.catch(() => 0).then(() => replace(path, content));
  underWay.set(path, writing);
  const done = () => {
    if (underWay.get(path) === writing) underWay.delete(path);
  };
  writing.then(done, done);
  return writing;
}

const underWay = new Map<string, Promise<number>>();

async function replace(path: string, content: FileParts): Promise<number> {
  // A name that nobody can know before, and a file that is not there yet: neither a link nor anybody else's file is written to.
  const beside = `${path}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`;
  const file = await open(beside, 'wx', 0o600);
  try {
    let bytes: number;
    try {
      bytes = await write(file, content);
    } finally {
      await file.close();
    }
    await rename(beside, path);
    await syncFolder(dirname(path));
    return bytes;
  } catch (error) {
    await unlink(beside).catch(() => {});
    throw error;
  }
}

async function write(file: FileHandle, { parts, last }: FileParts): Promise<number> {
  let bytes = 0;
  for (const part of parts) {
    await file.appendFile(part);
    bytes += part.length;
  }
  // Twice, so that what the last part is about is as new as can be: it is short, and soon on the disk.
  await file.sync();
  const end = last();
  await file.appendFile(end);
  await file.sync();
  return bytes + end.length;
}

/** Takes away what processes that are no more have left beside a file, in the middle of writing it. */
export async function removeLeftovers(path: string): Promise<void> {
  const folder = dirname(path);
  const before = `${basename(path)}.`;
  const names = await readdir(folder).catch(() => [] as string[]);
  for (const name of names) {
    if (!name.startsWith(before)) continue;
    const writer = /^(\d+)\.[\da-f]{12}\.tmp$/.exec(name.slice(before.length))?.[1];
    if (writer === undefined) continue;
    const beside = join(folder, name);
    const { mtimeMs = Number.POSITIVE_INFINITY } = await lstat(beside).catch(() => ({}) as { mtimeMs?: number });
    // One of another container may be at work though no process of its number runs here.
    const patience = isRunning(Number(writer)) ? QUIET_WHILE_RUNNING_MS : QUIET_MS;
    if (Date.now() - mtimeMs > patience) await unlink(beside).catch(() => {});
  }
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
