import {
  closeSync,
  copyFileSync,
  fdatasync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
  write as writeTo,
} from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { ConfigError } from '../../base/errors.js';
import type { WriteLog } from '../../values/strategies/local-queue.js';
import type { PendingWrite } from '../../values/strategies/write-queue.js';
import { JournalLock } from './journal-lock.js';
import { forgetRecord, JOURNAL_HEADER, type JournalRecord, readJournal, recordOf } from './journal-record.js';

/** A journal as its user asks for it. */
export interface JournalSettings {
  readonly file: string;
  /** Whether a write is on the disk before it is acknowledged. */
  readonly fsync: boolean;
}

/** Written anew when it is this long, and four times as long as what is in it. */
const COMPACT_BYTES = 1_048_576;
const COMPACT_FACTOR = 4;

const write = promisify(writeTo) as (fd: number, bytes: Buffer) => Promise<{ readonly bytesWritten: number }>;
const sync = promisify(fdatasync);

/** A write that waits for the disk. */
interface Waiting {
  readonly record: Buffer;
  readonly write: PendingWrite;
  resolve(): void;
  reject(error: unknown): void;
}

/** Writes in a file, to which it is only added: whoever begins with it finds what was acknowledged, and not saved. */
export class Journal implements WriteLog {
  readonly recovered: readonly PendingWrite[];
  readonly #settings: JournalSettings;
  readonly #lock: JournalLock;
  /** What is in it that is needed still. */
  readonly #live = new Map<string, PendingWrite>();
  #liveBytes = 0;
  #fd: number;
  #length: number;
  #waiting: Waiting[] = [];
  /** Said without anybody waiting: who does not find it saves once more what is saved. */
  #forgotten: Buffer[] = [];
  #writing: Promise<void> | undefined;
  #failure: unknown;
  #isClosed = false;

  private constructor(settings: JournalSettings, lock: JournalLock, fd: number, found: readonly PendingWrite[]) {
    this.#settings = settings;
    this.#lock = lock;
    this.#fd = fd;
    this.recovered = found;
    for (const each of found) this.#keep(each);
    this.#length = 0;
    this.#compact();
  }

  /**
   * Opens a journal, or begins one, and reads what is in it.
   *
   * @param warn - told where something is in the file that cannot be read
   * @throws {@link ConfigError} where another process holds it, or it is a file of something else
   */
  static open(setting: string, settings: JournalSettings, warn: (message: string) => void): Journal {
    const { file } = settings;
    const lock = JournalLock.take(setting, file);
    try {
      const fd = openSync(file, 'a+');
      const bytes = readFileSync(file);
      const content = readJournal(bytes);
      if (content === undefined)
        throw new ConfigError(
          setting,
          file,
          'a file that is a journal, or is not there yet',
          undefined,
          'is no journal',
        );
      const left = bytes.length - content.length;
      // What was being written when the process ended was not acknowledged. Nobody can tell that from what a disk has damaged.
      if (left > 0 && content.length > 0) {
        copyFileSync(file, `${file}.damaged`);
        warn(
          `journal ${file}: its last ${left} bytes are no whole record, and are left aside (${file}.damaged has them)`,
        );
      }
      return new Journal(settings, lock, fd, newest(content.records));
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  append(pending: PendingWrite): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Error('it is closed'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ record: recordOf(pending), write: pending, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  forget(pending: PendingWrite): void {
    const live = this.#live.get(String(pending.key));
    if (this.#isClosed || live === undefined || live.version > pending.version) return;
    this.#drop(pending);
    this.#forgotten.push(forgetRecord(pending));
    this.#writing ??= this.#writeAll();
  }

  async close(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeSync(this.#fd);
    this.#lock.release();
  }

  /** Brings to the disk whatever waits, together: one sync is for all. */
  async #writeAll(): Promise<void> {
    // When all who come in this turn have come.
    await Promise.resolve();
    while (this.#waiting.length + this.#forgotten.length > 0) {
      const waiting = this.#waiting;
      const bytes = Buffer.concat([...waiting.map(({ record }) => record), ...this.#forgotten]);
      this.#waiting = [];
      this.#forgotten = [];
      try {
        await this.#write(bytes, waiting.length > 0);
        for (const { write: each } of waiting) this.#keep(each);
        for (const { resolve } of waiting) resolve();
        if (this.#length >= COMPACT_BYTES && this.#length >= COMPACT_FACTOR * this.#liveBytes) this.#tryToCompact();
      } catch (error) {
        for (const { reject } of waiting) reject(error);
      }
    }
    this.#writing = undefined;
  }

  async #write(bytes: Buffer, isAwaited: boolean): Promise<void> {
    if (this.#lock.isLost) throw new Error('another process has taken it, as this one had said nothing for long');
    if (this.#failure !== undefined) throw this.#failure;
    const before = this.#length;
    try {
      for (let at = 0; at < bytes.length; ) at += (await write(this.#fd, bytes.subarray(at))).bytesWritten;
      this.#length += bytes.length;
      if (this.#settings.fsync && isAwaited) await sync(this.#fd);
    } catch (error) {
      this.#takeBack(before);
      throw error;
    }
  }

  /** What is half written stands in the way of whatever comes after it. */
  #takeBack(length: number): void {
    try {
      ftruncateSync(this.#fd, length);
      this.#length = length;
    } catch (error) {
      this.#failure = error;
    }
  }

  #tryToCompact(): void {
    try {
      this.#compact();
    } catch (error) {
      // Nobody knows which of the two files there is.
      this.#failure = error;
    }
  }

  /** Writes it anew with what is needed, beside it first: at each moment one of the two is whole. */
  #compact(): void {
    const { file } = this.#settings;
    const aside = `${file}.new`;
    const fd = openSync(aside, 'w');
    const bytes = Buffer.concat([JOURNAL_HEADER, ...[...this.#live.values()].map(recordOf)]);
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    fsyncSync(fd);
    closeSync(fd);
    renameSync(aside, file);
    syncFolder(dirname(file));
    closeSync(this.#fd);
    this.#fd = openSync(file, 'a');
    this.#length = bytes.length;
  }

  #keep(pending: PendingWrite): void {
    const key = String(pending.key);
    const live = this.#live.get(key);
    if (live !== undefined && live.version > pending.version) return;
    if (live !== undefined) this.#drop(live);
    this.#live.set(key, pending);
    this.#liveBytes += sizeOf(pending);
  }

  #drop(pending: PendingWrite): void {
    const live = this.#live.get(String(pending.key));
    if (live === undefined) return;
    this.#live.delete(String(pending.key));
    this.#liveBytes -= sizeOf(live);
  }
}

function sizeOf({ bytes }: PendingWrite): number {
  return 64 + (bytes?.length ?? 0);
}

/** The newest write of each key that is needed still, the oldest first. */
function newest(records: readonly JournalRecord[]): readonly PendingWrite[] {
  const live = new Map<string, PendingWrite>();
  for (const { kind, key, version, bytes } of records) {
    const text = String(key);
    const known = live.get(text);
    if (known !== undefined && known.version > version) continue;
    live.delete(text);
    if (kind !== 'forget') live.set(text, { key, version, bytes });
  }
  return [...live.values()];
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
