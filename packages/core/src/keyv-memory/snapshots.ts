import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { type Duration, parseDuration } from '../base/duration.js';
import { ConfigError } from '../base/errors.js';
import { SnapshotError } from '../base/snapshot-error.js';
import { checkOptions } from '../config/check.js';
import type { SnapshotDefect } from '../stores/snapshots/format.js';
import { removeLeftovers, replaceFile } from '../stores/snapshots/snapshot-file.js';
import { readSnapshot } from '../stores/snapshots/snapshot-reader.js';
import { writeSnapshot } from '../stores/snapshots/snapshot-writer.js';
import { bufferSource, fileSource, type SnapshotSource } from '../stores/snapshots/source.js';
import type { Memory } from './memory.js';

/** What became of a snapshot. */
export interface RestoreReport {
  /** Values that were taken in; those not counted that have expired meanwhile, or of whose key there is a value by now. */
  readonly entries: number;
  /**
   * Why nothing was taken in: there is no such file, or it cannot be read (`'missing'`); it is no snapshot (`'foreign'`), one of another
   * release's format (`'version'`), damaged or cut off (`'corrupt'`), or older than `maxAge` (`'outdated'`).
   */
  readonly defect?: SnapshotDefect;
}

/** Options of `restore`. */
export interface RestoreOptions {
  /** How old a snapshot may be: seconds, or `'10m'`. @defaultValue any age */
  readonly maxAge?: Duration | undefined;
}

/** As many parts of a snapshot are put together in one turn. */
const PARTS_PER_TURN = 64;
/** Room for the last part, which is made once all others are in their places; taken of the machine only where it is used. */
const LAST_BYTES = 2 ** 20;

/** @throws {@link SnapshotError} where the file cannot be written */
export async function saveTo(path: string, memory: Memory): Promise<{ readonly bytes: number }> {
  checkPath('save', path, 'the path of a file');
  const file = resolve(path);
  return memory.watching(async (changes) => {
    try {
      await removeLeftovers(file);
      return { bytes: await replaceFile(file, writeSnapshot(memory.now(), memory.records(), changes)) };
    } catch (error) {
      throw new SnapshotError(path, error);
    }
  });
}

export function snapshotOf(memory: Memory): Promise<Buffer> {
  return memory.watching(async (changes) => {
    const snapshot = writeSnapshot(memory.now(), memory.records(), changes);
    const parts: Buffer[] = [];
    for (const part of snapshot.parts) {
      parts.push(part);
      await turn();
    }
    if (parts.length <= PARTS_PER_TURN) return Buffer.concat([...parts, snapshot.last()]);
    const whole = Buffer.allocUnsafeSlow(parts.reduce((sum, part) => sum + part.length, LAST_BYTES));
    let at = 0;
    for (const [i, part] of parts.entries()) {
      at += part.copy(whole, at);
      if (i % PARTS_PER_TURN === 0) await turn();
    }
    // In one go with its being handed out.
    const last = snapshot.last();
    if (last.length > LAST_BYTES) return Buffer.concat([whole.subarray(0, at), last]);
    return whole.subarray(0, at + last.copy(whole, at));
  });
}

export async function restoreFrom(
  source: string | Uint8Array,
  memory: Memory,
  options: RestoreOptions = {},
): Promise<RestoreReport> {
  if (!(source instanceof Uint8Array)) checkPath('restore', source, 'the path of a file, or the bytes of a snapshot');
  checkOptions('restore', options, ['maxAge']);
  const { maxAge } = options;
  const maxAgeMs = maxAge === undefined ? Number.POSITIVE_INFINITY : parseDuration('restore.maxAge', maxAge);
  if (typeof source !== 'string')
    return restore(bufferSource(Buffer.from(source.buffer, source.byteOffset, source.byteLength)), memory, maxAgeMs);
  let file: FileHandle;
  try {
    file = await open(resolve(source), 'r');
  } catch {
    return { entries: 0, defect: 'missing' };
  }
  try {
    return await restore(await fileSource(file), memory, maxAgeMs);
  } catch {
    // A folder, or a disk that fails: what has been taken in was whole.
    return { entries: 0, defect: 'missing' };
  } finally {
    await file.close();
  }
}

async function restore(source: SnapshotSource, memory: Memory, maxAgeMs: number): Promise<RestoreReport> {
  return memory.watching(async (changes) => {
    const snapshot = await readSnapshot(source);
    if (typeof snapshot === 'string') return { entries: 0, defect: snapshot };
    const { begunAt } = snapshot;
    // Of a clock that was set back in between there is no telling how old it is.
    const now = Math.max(memory.now(), begunAt);
    if (now - begunAt > maxAgeMs) return { entries: 0, defect: 'outdated' };
    let entries = 0;
    for await (const record of snapshot.records()) {
      if (changes.isCleared) break;
      const ttlMs = record.expiresAt - now;
      if (ttlMs > 0 && !changes.keys.has(record.key) && memory.restore(record, ttlMs)) entries++;
    }
    return { entries };
  });
}

function checkPath(what: string, path: unknown, allowed: string): void {
  if (typeof path !== 'string' || path === '') throw new ConfigError(what, path, allowed);
}
