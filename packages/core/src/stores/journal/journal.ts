import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fdatasync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  write as writeTo,
} from 'node:fs';
import { promisify } from 'node:util';
import { ConfigError } from '../../base/errors.js';
import type { WriteLog } from '../../values/strategies/local-queue-parts.js';
import type { PendingWrite } from '../../values/strategies/write-queue.js';
import { checkOwner, fileFor, whatIsMissing } from './journal-checks.js';
import { keepDamaged, removeLeftOver, replaceFile } from './journal-files.js';
import { JournalLock } from './journal-lock.js';
import { type JournalContent, JournalFormat, type JournalRecord, readJournal } from './journal-record.js';

/** A journal as its user asks for it. */
export interface JournalSettings {
  /** Whose it is: the name of a strategy, with those of its namespaces. */
  readonly strategy: string;
  readonly file: string;
  /** Whether a write is on the disk before it is acknowledged. */
  readonly fsync: boolean;
}

/** Written anew when it is this long, and four times as long as what is in it. */
const COMPACT_BYTES = 1_048_576;
const COMPACT_FACTOR = 4;

const TAKEN = 'another process has taken it, as this one had said nothing for long';

const write = promisify(writeTo) as (fd: number, bytes: Buffer) => Promise<{ readonly bytesWritten: number }>;
const sync = promisify(fdatasync);

/** A write that waits for the disk. */
interface Waiting {
  readonly write: PendingWrite;
  resolve(): void;
  reject(error: unknown): void;
}

/** Writes in a file, to which it is only added: whoever begins with it finds what was acknowledged, and not saved. */
export class Journal implements WriteLog {
  readonly recovered: readonly PendingWrite[];
  readonly lastVersion: number;
  readonly #settings: JournalSettings;
  readonly #warn: (message: string) => void;
  readonly #lock: JournalLock;
  /** What the file is written with that there is. */
  #format: JournalFormat;
  /** The largest version that was ever in it. */
  #newest: number;
  /** What is in it that is needed still. */
  readonly #live = new Map<string, PendingWrite>();
  #liveBytes = 0;
  #fd: number;
  #length: number;
  /** Written anew at this length, if it is that long at all. */
  #compactAt = COMPACT_BYTES;
  #waiting: Waiting[] = [];
  /** Said without anybody waiting: who does not find it saves once more what is saved. */
  #forgotten: PendingWrite[] = [];
  #writing: Promise<void> | undefined;
  #failure: unknown;
  #isClosed = false;

  private constructor(
    settings: JournalSettings,
    lock: JournalLock,
    file: { readonly fd: number; readonly length: number },
    content: JournalContent,
    warn: (message: string) => void,
  ) {
    this.#settings = settings;
    this.#warn = warn;
    this.#lock = lock;
    this.#fd = file.fd;
    this.#length = file.length;
    this.recovered = newest(content.records);
    this.lastVersion = content.lastVersion;
    this.#newest = content.lastVersion;
    this.#format = new JournalFormat(content.salt ?? 0);
    for (const each of this.recovered) this.#keep(each);
    // One that is whole can be added to as it is, where the disk has no room for another one beside it.
    if (content.salt === undefined) this.#compact();
    else if (!this.#tryToCompact()) this.#takeBack(file.length - content.torn);
  }

  /**
   * Opens a journal, or begins one, and reads what is in it.
   *
   * @param warn - told where something is in the file that cannot be read
   * @throws {@link ConfigError} where another one holds it, or it is a file of another strategy, or of something else
   */
  static open(setting: string, given: JournalSettings, warn: (message: string) => void): Journal {
    const file = fileFor(setting, given.file);
    const lock = JournalLock.take(setting, file);
    let fd: number | undefined;
    try {
      removeLeftOver(file);
      fd = openSync(file, 'a+', 0o600);
      const bytes = readFileSync(fd);
      const content = readJournal(bytes);
      if (content === undefined)
        throw new ConfigError(
          setting,
          given.file,
          'a file that is a journal, or is not there yet',
          undefined,
          'is no journal',
        );
      const found = newest(content.records);
      checkOwner(setting, { file, strategy: given.strategy }, content.owner, found.length);
      const aside = keepUnread(file, bytes, content);
      if (aside !== undefined) warn(aside);
      return new Journal({ ...given, file }, lock, { fd, length: bytes.length }, content, warn);
    } catch (error) {
      if (fd !== undefined) closeSync(fd);
      lock.release();
      if (error instanceof ConfigError) throw error;
      throw new ConfigError(setting, given.file, whatIsMissing(error));
    }
  }

  onLost(listener: () => void): void {
    this.#lock.onLost(() => {
      this.#warn(`journal ${this.#settings.file}: ${TAKEN}; it acknowledges and saves nothing any more`);
      listener();
    });
  }

  append(pending: PendingWrite): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Error('it is closed'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ write: pending, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  forget(pending: PendingWrite): void {
    const live = this.#live.get(String(pending.key));
    if (this.#isClosed || live === undefined || live.version > pending.version) return;
    this.#drop(pending);
    this.#forgotten.push(pending);
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
      const bytes = Buffer.concat([
        ...waiting.map(({ write: each }) => this.#format.recordOf(each)),
        ...this.#forgotten.map((each) => this.#format.forgetRecord(each)),
      ]);
      this.#waiting = [];
      this.#forgotten = [];
      try {
        await this.#write(bytes, waiting.length > 0);
        for (const { write: each } of waiting) this.#keep(each);
        for (const { resolve } of waiting) resolve();
        if (this.#length >= this.#compactAt && this.#length >= COMPACT_FACTOR * this.#liveBytes) this.#tryToCompact();
      } catch (error) {
        for (const { reject } of waiting) reject(error);
      }
    }
    this.#writing = undefined;
  }

  async #write(bytes: Buffer, isAwaited: boolean): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#checkHeld();
    const before = this.#length;
    try {
      for (let at = 0; at < bytes.length; ) at += (await write(this.#fd, bytes.subarray(at))).bytesWritten;
      this.#length += bytes.length;
      if (this.#settings.fsync && isAwaited) await sync(this.#fd);
      // Whoever has taken it meanwhile may have read it before this was in it.
      this.#checkHeld();
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

  /** @returns false where it goes on as it is, and is tried again when it has grown */
  #tryToCompact(): boolean {
    try {
      this.#compact();
      this.#compactAt = COMPACT_BYTES;
      return true;
    } catch (error) {
      // Whoever has another file in its place, or its lock, has it from now on: each write looks for that.
      this.#checkHeld();
      this.#compactAt = this.#length + COMPACT_BYTES;
      const { file } = this.#settings;
      this.#warn(`journal ${file}: it cannot be written anew, and grows until it can: ${(error as Error).message}`);
      return false;
    }
  }

  /** Writes it anew with what is needed, beside it first: at each moment one of the two is whole. */
  #compact(): void {
    const { file, strategy } = this.#settings;
    const format = new JournalFormat(randomBytes(4).readUInt32BE());
    const bytes = Buffer.concat([
      format.header(),
      format.ownerRecord(strategy, this.#newest),
      ...[...this.#live.values()].map((each) => format.recordOf(each)),
    ]);
    const before = this.#fd;
    this.#fd = replaceFile(file, bytes, this.#lock.token, fstatSync(before).mode, () => this.#checkHeld());
    this.#format = format;
    this.#length = bytes.length;
    try {
      closeSync(before);
    } catch {
      // What it had is in the new one.
    }
  }

  /** @throws where it is another one's by now, or what is called as it is is another file, which nobody would read this in */
  #checkHeld(): void {
    if (!this.#lock.isHeld()) throw new Error(TAKEN);
    const [ours, named] = [fstatSync(this.#fd, { bigint: true }), statSync(this.#settings.file, { bigint: true })];
    if (ours.ino !== named.ino || ours.dev !== named.dev) throw new Error('another file has taken its place');
  }

  #keep(pending: PendingWrite): void {
    this.#newest = Math.max(this.#newest, pending.version);
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

/** @returns what there is to tell of it, if anything */
function keepUnread(file: string, bytes: Buffer, { damaged, torn }: JournalContent): string | undefined {
  if (damaged > 0) {
    const copy = keepDamaged(file, bytes);
    return `journal ${file}: ${damaged + torn} bytes of it are damaged, and the writes in them are lost (${copy} has all of it)`;
  }
  if (torn === 0) return undefined;
  // What was being written when the process ended was not acknowledged. Nobody can tell that from what a disk has damaged.
  const copy = keepDamaged(file, bytes.subarray(bytes.length - torn));
  return `journal ${file}: its last ${torn} bytes are no whole record, and are left aside (${copy} has them)`;
}
