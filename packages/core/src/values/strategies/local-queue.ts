import { WriteRefusedError } from '../../base/write-errors.js';
import type { Clock, Timer } from '../../ports/clock.js';
import { Pace, restAfter } from './pace.js';
import { type Entry, PendingWrites } from './pending-writes.js';
import { Room } from './room.js';
import type { PendingWrite, Save, WriteKey, WriteQueue } from './write-queue.js';

/** What outlives the process: each write is in there before it is acknowledged. */
export interface WriteLog {
  /** Writes of a process that has ended before they were saved. */
  readonly recovered: readonly PendingWrite[];
  append(write: PendingWrite): Promise<void>;
  /** A write, or whatever came before it of its key, is no longer needed. */
  forget(write: PendingWrite): void;
  /** Calls back when another process has what is in it by now, and saves that. */
  onLost(listener: () => void): void;
  close(): Promise<void>;
}

/** The bounds of a queue, in milliseconds and numbers. */
export interface QueueLimits {
  readonly flushEveryMs: number;
  readonly flushSize: number;
  readonly maxPending: number;
  readonly maxPendingBytes: number;
  readonly fullTimeoutMs: number;
  readonly retryForMs: number;
  readonly closeTimeoutMs: number;
}

/** What a queue stands on. */
export interface LocalQueueParts {
  /** The strategy's, for errors. */
  readonly name: string;
  readonly limits: QueueLimits;
  readonly clock: Clock;
  readonly log: WriteLog | undefined;
  readonly save: Save;
  /** False for an error that will be the same however often the write is tried. */
  mayRetry(error: unknown): boolean;
  /** Told of a write that is given up, before it is forgotten. Never rejects. */
  giveUp(write: PendingWrite, error: unknown, attempts: number): Promise<void>;
  /** Told that some were not saved, and will be tried again. */
  failed(writes: readonly PendingWrite[], error: unknown): void;
  /** Keeps the process until what it returns is called. */
  keep(): () => void;
}

/** A write that the database has not taken. */
interface Refused {
  readonly entry: Entry;
  readonly error: unknown;
  /** The error is of this write, and of no other that was sent with it. */
  readonly isOwn: boolean;
}

/** Writes that wait in this process, by key: sent together, tried again, bounded. */
export class LocalQueue implements WriteQueue {
  readonly #parts: LocalQueueParts;
  readonly #pending = new PendingWrites();
  readonly #pace: Pace;
  readonly #room: Room;
  #version: number;
  /** Writes that have been let in, and are on their way: they count as pending. */
  #coming = 0;
  #isClosed = false;
  /** Nothing is sent any more. */
  #isOver = false;
  #isSending = false;
  #timer: Timer | undefined;
  #timerAt = 0;
  /** What was put up to here is not to wait. */
  #flushUpTo = 0;
  readonly #flushes = new Set<{ readonly version: number; resolve(): void }>();
  #release: (() => void) | undefined;

  constructor(parts: LocalQueueParts) {
    this.#parts = parts;
    this.#pace = new Pace(parts.limits.flushSize);
    this.#room = new Room(parts.clock, parts.limits.maxPending);
    // Microseconds: a process that begins anew goes on above what the one before it has counted.
    this.#version = Math.floor(parts.clock.now()) * 1000;
    for (const write of parts.log?.recovered ?? []) {
      this.#version = Math.max(this.#version, write.version);
      this.#pending.put(write, parts.clock.monotonic());
    }
    parts.log?.onLost(() => this.#end());
    if (this.#pending.size > 0) this.#wake();
  }

  get size(): number {
    return this.#pending.size + this.#coming;
  }

  find(key: WriteKey): PendingWrite | undefined {
    return this.#pending.find(key);
  }

  async put(key: WriteKey, bytes: Buffer | undefined): Promise<void> {
    const { clock, log, name } = this.#parts;
    const hasTaken = await this.#admit(key);
    try {
      const write = { key, version: ++this.#version, bytes };
      await log?.append(write);
      this.#pending.put(write, clock.monotonic());
    } catch (cause) {
      throw new WriteRefusedError(name, key, 'journal', String(cause), { cause });
    } finally {
      if (hasTaken) this.#coming--;
    }
    this.#wake();
  }

  flush(): Promise<void> {
    // What is left then waits for whoever begins with the log.
    if (this.#isOver) return Promise.resolve();
    this.#flushUpTo = this.#version;
    this.#pending.hurry(this.#parts.clock.monotonic());
    this.#pace.hurry();
    return new Promise((resolve) => {
      this.#flushes.add({ version: this.#version, resolve });
      this.#wake();
      this.#settleFlushes();
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#room.clear();
    const { limits, clock, log } = this.#parts;
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      timer = clock.after(limits.closeTimeoutMs, resolve);
    });
    await Promise.race([this.flush(), late]);
    timer?.cancel();
    this.#end();
    // What a log has is saved when somebody begins with it. Nobody else has the rest.
    if (log === undefined) await this.#giveUpAll();
    this.#release?.();
    this.#release = undefined;
    await log?.close();
  }

  /** Sends nothing any more, and lets those go who wait for that. */
  #end(): void {
    this.#isOver = true;
    this.#timer?.cancel();
    for (const flush of this.#flushes) flush.resolve();
    this.#flushes.clear();
    this.#keepProcess();
  }

  /** @returns whether it has taken room: a write in the place of one that waits needs none of its own */
  async #admit(key: WriteKey): Promise<boolean> {
    const { name, limits } = this.#parts;
    if (this.#isClosed) throw new WriteRefusedError(name, key, 'closed');
    if (this.#pending.has(key)) return false;
    if (!this.#room.isAwaited && this.#takeRoom()) return true;
    const admitted = this.#room.wait(limits.fullTimeoutMs);
    this.#wake();
    if (!(await admitted)) throw new WriteRefusedError(name, key, this.#isClosed ? 'closed' : 'full');
    return true;
  }

  #takeRoom(): boolean {
    const { maxPending, maxPendingBytes } = this.#parts.limits;
    if (this.size >= maxPending || this.#pending.bytes >= maxPendingBytes) return false;
    this.#coming++;
    return true;
  }

  /** Sends what is due, or sets the timer for what will be. */
  #wake(): void {
    this.#keepProcess();
    if (this.#isSending || this.#isOver) return;
    const { clock } = this.#parts;
    const wait = this.#waitMs();
    if (wait <= 0) {
      void this.#send();
      return;
    }
    const at = clock.monotonic() + wait;
    if (at === Number.POSITIVE_INFINITY || (this.#timer !== undefined && this.#timerAt <= at)) return;
    this.#timer?.cancel();
    this.#timerAt = at;
    this.#timer = clock.after(wait, () => {
      this.#timer = undefined;
      this.#wake();
    });
  }

  /** Milliseconds until something is due. */
  #waitMs(): number {
    const { first, nextSuspect } = this.#pending;
    const firstAt = first === undefined ? Number.POSITIVE_INFINITY : this.#dueAt(first);
    const dueAt = Math.min(firstAt, nextSuspect?.retryAt ?? Number.POSITIVE_INFINITY);
    return Math.max(dueAt, this.#pace.restsUntil) - this.#parts.clock.monotonic();
  }

  #dueAt({ firstVersion, queuedAt }: Entry): number {
    const { flushSize, flushEveryMs } = this.#parts.limits;
    const isWanted =
      firstVersion <= this.#flushUpTo || this.#pending.readySize >= flushSize || this.#room.isAwaited || this.#isClosed;
    return isWanted ? Number.NEGATIVE_INFINITY : queuedAt + flushEveryMs;
  }

  /** Sends batch after batch for as long as there is something to send: one at a time, so that no key is sent twice at once. */
  async #send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    let isSuspectNext = true;
    while (!this.#isOver) {
      const batch = this.#nextBatch(isSuspectNext);
      if (batch.length === 0) break;
      isSuspectNext = !isSuspectNext;
      await this.#sendBatch(batch);
      this.#room.admit(() => this.#takeRoom());
      this.#settleFlushes();
    }
    this.#isSending = false;
    this.#wake();
  }

  #nextBatch(isSuspectNext: boolean): readonly Entry[] {
    const now = this.#parts.clock.monotonic();
    if (this.#pace.restsUntil > now) return [];
    const suspect = this.#pending.nextSuspect;
    const isSuspectDue = suspect !== undefined && suspect.retryAt <= now;
    if (isSuspectDue && isSuspectNext) return this.#pending.takeSuspect(suspect);
    // All of a batch that is large enough goes, or what has waited for long enough.
    const isLarge = this.#pending.readySize >= this.#parts.limits.flushSize;
    const batch = this.#pending.take(this.#pace.size, (entry) => isLarge || this.#dueAt(entry) <= now);
    return batch.length === 0 && isSuspectDue ? this.#pending.takeSuspect(suspect) : batch;
  }

  async #sendBatch(batch: readonly Entry[]): Promise<void> {
    const { save, clock, log, failed, mayRetry } = this.#parts;
    const outcomes = await save(batch.map(({ write }) => write));
    const now = clock.monotonic();
    const refused: Refused[] = [];
    for (const [i, entry] of batch.entries()) {
      const failure = outcomes[i];
      if (failure === undefined) {
        this.#pending.end(entry);
        log?.forget(entry.write);
      } else refused.push({ entry, error: failure.error, isOwn: failure.isOwn || batch.length === 1 });
    }
    const hopeless = refused.filter(({ error, isOwn }) => isOwn && !mayRetry(error));
    const isSuspect = (batch[0]?.attempts ?? 0) > 0;
    // One that says that this write is of no use has answered.
    if (refused.length < batch.length || hopeless.length > 0) this.#pace.succeeded();
    else if (!isSuspect || this.#pace.isFailing) this.#pace.failed(batch.length, now);
    const isOutage = refused.length === batch.length && batch.length > 1;
    for (const each of refused) await this.#putBack(each, hopeless.includes(each), isOutage, now);
    if (refused.length > 0)
      failed(
        refused.map(({ entry }) => entry.write),
        refused[0]?.error,
      );
  }

  /** @param isOutage - all that were sent together were refused: it may be for none of them */
  async #putBack({ entry, error, isOwn }: Refused, isHopeless: boolean, isOutage: boolean, now: number): Promise<void> {
    const { limits, log } = this.#parts;
    entry.firstFailedAt ??= now;
    if (isHopeless || (isOwn && now - entry.firstFailedAt >= limits.retryForMs)) {
      await this.#giveUp(entry, error);
      return;
    }
    const isSuspect = isOwn && !isOutage;
    if (isSuspect) {
      entry.attempts++;
      entry.retryAt = now + restAfter(entry.attempts);
    }
    if (!this.#pending.putBack(entry, isSuspect)) log?.forget(entry.write);
  }

  async #giveUp(entry: Entry, error: unknown): Promise<void> {
    const { giveUp, log } = this.#parts;
    await giveUp(entry.write, error, entry.attempts + 1);
    this.#pending.end(entry);
    log?.forget(entry.write);
  }

  async #giveUpAll(): Promise<void> {
    const { name, giveUp } = this.#parts;
    for (const { write, attempts } of this.#pending.takeAll())
      await giveUp(write, new WriteRefusedError(name, write.key, 'closed'), attempts);
  }

  #settleFlushes(): void {
    for (const flush of this.#flushes) {
      if (this.#pending.hasUpTo(flush.version)) continue;
      this.#flushes.delete(flush);
      flush.resolve();
    }
    if (this.#pending.size === 0) this.#keepProcess();
  }

  /** What nobody but this process has keeps the process. */
  #keepProcess(): void {
    const isOthers = this.#isOver && this.#parts.log !== undefined;
    if (this.size > 0 && !isOthers) this.#release ??= this.#parts.keep();
    else {
      this.#release?.();
      this.#release = undefined;
    }
  }
}
