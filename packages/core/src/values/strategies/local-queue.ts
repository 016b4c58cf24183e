import { WriteRefusedError } from '../../base/write-errors.js';
import type { Timer } from '../../ports/clock.js';
import { within } from '../within.js';
import { Flushes } from './flushes.js';
import type { LocalQueueParts } from './local-queue-parts.js';
import { Pace, restAfter } from './pace.js';
import { type Entry, PendingWrites, weightOf } from './pending-writes.js';
import { Room } from './room.js';
import { isLate, type LateSave, type PendingWrite, type WriteKey, type WriteQueue } from './write-queue.js';

/** So many batches of which something is late, and no more: a database that answers nothing is not asked more and more. */
const MOST_LATE = 8;

/** Room that a write has taken, while it is on its way. */
interface Reserved {
  readonly writes: number;
  readonly bytes: number;
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
  #comingBytes = 0;
  /** Batches of which something is late. */
  #late = 0;
  #isClosed = false;
  /** Nothing is sent any more. */
  #isOver = false;
  /** The log is let go of as soon as it may be. */
  #isLeft = false;
  #isSending = false;
  #timer: Timer | undefined;
  #timerAt = 0;
  readonly #flushes = new Flushes();
  #release: (() => void) | undefined;

  constructor(parts: LocalQueueParts) {
    this.#parts = parts;
    this.#pace = new Pace(parts.limits.flushSize);
    this.#room = new Room(parts.clock, parts.limits.maxPending, parts.limits.maxPendingBytes);
    // Microseconds: a process that begins anew goes on above what the one before it has counted. A clock that was set back does
    // not, and a log does.
    this.#version = Math.max(Math.floor(parts.clock.now()) * 1000, parts.log?.lastVersion ?? 0);
    for (const write of parts.log?.recovered ?? []) this.#pending.put(write, parts.clock.monotonic());
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
    const reserved = await this.#admit(key, weightOf({ key, version: 0, bytes }));
    try {
      const write = { key, version: ++this.#version, bytes };
      await log?.append(write);
      this.#pending.put(write, clock.monotonic());
    } catch (cause) {
      throw new WriteRefusedError(name, key, 'journal', String(cause), { cause });
    } finally {
      this.#coming -= reserved.writes;
      this.#comingBytes -= reserved.bytes;
      this.#room.admit();
      this.#wake();
    }
  }

  flush(): Promise<void> {
    // What is left then waits for whoever begins with the log.
    if (this.#isOver) return Promise.resolve();
    this.#pending.hurry(this.#version, this.#parts.clock.monotonic());
    this.#pace.hurry();
    const flushed = this.#flushes.wait(this.#version);
    this.#wake();
    this.#settleFlushes();
    return flushed;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#room.clear();
    const { limits, clock, log } = this.#parts;
    await within(this.flush(), limits.closeTimeoutMs, clock);
    this.#end();
    // What a log has is saved when somebody begins with it. Nobody else has the rest.
    if (log === undefined) await within(this.#giveUpAll(), limits.closeTimeoutMs, clock);
    this.#release?.();
    this.#release = undefined;
    this.#isLeft = true;
    await this.#leaveLog();
  }

  /** What is on its way may still be carried out: while this process lives, nobody else saves anything newer before it has ended. */
  async #leaveLog(): Promise<void> {
    if (this.#isLeft && !this.#pending.isFlying) await this.#parts.log?.close();
  }

  /** Sends nothing any more, and lets those go who wait for that. */
  #end(): void {
    this.#isOver = true;
    this.#timer?.cancel();
    this.#flushes.end();
    this.#keepProcess();
  }

  /** @returns the room it has taken: a write in the place of one that waits needs only what it is larger */
  async #admit(key: WriteKey, bytes: number): Promise<Reserved> {
    const { name, limits } = this.#parts;
    if (this.#isClosed) throw new WriteRefusedError(name, key, 'closed');
    let taken: Reserved | undefined;
    const take = (): boolean => {
      taken = this.#takeRoom(key, bytes);
      return taken !== undefined;
    };
    const isSmaller = this.#pending.has(key) && bytes <= this.#pending.replacedBy(key);
    if ((isSmaller || !this.#room.isAwaited) && take() && taken !== undefined) return taken;
    const admitted = this.#room.wait(limits.fullTimeoutMs, bytes, take);
    this.#wake();
    if (!(await admitted) || taken === undefined)
      throw new WriteRefusedError(name, key, this.#isClosed ? 'closed' : 'full');
    return taken;
  }

  /** One that is larger than all may be together has room where there is no other. */
  #takeRoom(key: WriteKey, bytes: number): Reserved | undefined {
    const { maxPending, maxPendingBytes } = this.#parts.limits;
    const writes = this.#pending.has(key) ? 0 : 1;
    const more = Math.max(0, bytes - this.#pending.replacedBy(key));
    const held = this.#pending.bytes + this.#comingBytes;
    if (writes > 0 && this.size >= maxPending) return undefined;
    if (more > 0 && held > 0 && held + more > maxPendingBytes) return undefined;
    this.#coming += writes;
    this.#comingBytes += more;
    return { writes, bytes: more };
  }

  /** Sends what is due, or sets the timer for what will be. */
  #wake(): void {
    this.#keepProcess();
    if (this.#isSending || this.#isOver || this.#late >= MOST_LATE) return;
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
    const { first, hasDue, nextSuspect } = this.#pending;
    const firstAt = first === undefined ? Number.POSITIVE_INFINITY : this.#dueAt(first);
    const readyAt = hasDue ? Number.NEGATIVE_INFINITY : firstAt;
    const dueAt = Math.min(readyAt, nextSuspect?.retryAt ?? Number.POSITIVE_INFINITY);
    return Math.max(dueAt, this.#pace.restsUntil) - this.#parts.clock.monotonic();
  }

  #dueAt(entry: Entry): number {
    const { flushSize, flushEveryMs } = this.#parts.limits;
    const isWanted =
      this.#pending.isFlushed(entry) || this.#pending.readySize >= flushSize || this.#room.isAwaited || this.#isClosed;
    return isWanted ? Number.NEGATIVE_INFINITY : entry.queuedAt + flushEveryMs;
  }

  /** Sends batch after batch for as long as there is something to send: one at a time, so that no key is sent twice at once. */
  async #send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    let isSuspectNext = true;
    while (!this.#isOver && this.#late < MOST_LATE) {
      const batch = this.#nextBatch(isSuspectNext);
      if (batch.length === 0) break;
      isSuspectNext = !isSuspectNext;
      await this.#sendBatch(batch);
      this.#ended();
    }
    this.#isSending = false;
    this.#wake();
  }

  /** Something has come to an end: there is room for others, and who waits for it may be told. */
  #ended(): void {
    this.#room.admit();
    this.#settleFlushes();
    void this.#leaveLog().catch(() => {});
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
    const { save, clock, failed, mayRetry } = this.#parts;
    const outcomes = await save(batch.map(({ write }) => write));
    const now = clock.monotonic();
    const refused: Refused[] = [];
    const late = new Map<Entry, LateSave>();
    for (const [i, entry] of batch.entries()) {
      const outcome = outcomes[i];
      if (outcome === undefined) this.#done(entry);
      else if (isLate(outcome)) late.set(entry, outcome);
      else refused.push({ entry, error: outcome.error, isOwn: outcome.isOwn || batch.length === 1 });
    }
    const hopeless = refused.filter(({ error, isOwn }) => isOwn && !mayRetry(error));
    const isSuspect = (batch[0]?.attempts ?? 0) > 0;
    // One that says that this write is of no use has answered.
    if (refused.length + late.size < batch.length || hopeless.length > 0) this.#pace.succeeded();
    else if (!isSuspect || this.#pace.isFailing) this.#pace.failed(batch.length, now);
    const isOutage = refused.length === batch.length && batch.length > 1;
    const again = refused.filter((each) => this.#putBack(each, hopeless.includes(each), isOutage, now));
    if (again.length > 0)
      failed(
        again.map(({ entry }) => entry.write),
        again[0]?.error,
      );
    if (late.size > 0) void this.#awaitLate(late, batch.length === 1);
  }

  /** What is late may still be carried out: nothing else of its key goes before it has answered, however long that takes. */
  async #awaitLate(late: ReadonlyMap<Entry, LateSave>, isAlone: boolean): Promise<void> {
    const { failed, clock, mayRetry } = this.#parts;
    const [first] = late.values();
    failed(
      [...late.keys()].map(({ write }) => write),
      first?.error,
    );
    this.#late++;
    const answers = [...late].map(async ([entry, outcome]) => {
      const failure = await outcome.late;
      if (failure === undefined) this.#done(entry);
      else {
        const { error } = failure;
        const isOwn = failure.isOwn || isAlone;
        const isAgain = this.#putBack({ entry, error, isOwn }, isOwn && !mayRetry(error), false, clock.monotonic());
        if (isAgain) failed([entry.write], error);
      }
      this.#ended();
      this.#wake();
    });
    await Promise.all(answers);
    this.#late--;
    this.#wake();
  }

  /** It needs no more: the database has it, or never will. */
  #done(entry: Entry): void {
    this.#pending.end(entry);
    this.#parts.log?.forget(entry.write);
  }

  /**
   * @param isOutage - all that were sent together were refused: it may be for none of them
   * @returns whether it waits again; else it is given up, and that is told of by itself, or nothing is sent any more
   */
  #putBack({ entry, error, isOwn }: Refused, isHopeless: boolean, isOutage: boolean, now: number): boolean {
    const { limits, log } = this.#parts;
    // Its user has been told of it, or it waits for whoever begins with the log.
    if (this.#isOver) {
      this.#pending.end(entry);
      return false;
    }
    entry.firstFailedAt ??= now;
    if (isHopeless || (isOwn && now - entry.firstFailedAt >= limits.retryForMs)) {
      void this.#giveUp(entry, error);
      return false;
    }
    const isSuspect = isOwn && !isOutage;
    if (isSuspect) {
      entry.attempts++;
      entry.retryAt = now + restAfter(entry.attempts);
    }
    if (!this.#pending.putBack(entry, isSuspect)) log?.forget(entry.write);
    return true;
  }

  /** Nothing else of its key goes before its user has been told; the others do not wait for that. */
  async #giveUp(entry: Entry, error: unknown): Promise<void> {
    entry.givingUp = this.#parts.giveUp(entry.write, error, entry.attempts + 1);
    await entry.givingUp;
    this.#done(entry);
    this.#ended();
    this.#wake();
  }

  async #giveUpAll(): Promise<void> {
    const { name, giveUp, limits } = this.#parts;
    // It was acknowledged: no WriteRefusedError.
    const error = new Error(
      `${name} was closed, and the database has not taken the write within through.closeTimeout (${limits.closeTimeoutMs} ms)`,
    );
    const left = this.#pending.takeAll();
    await Promise.all(left.map(({ write, attempts, givingUp }) => givingUp ?? giveUp(write, error, attempts)));
  }

  #settleFlushes(): void {
    this.#flushes.settle((version) => this.#pending.hasUpTo(version));
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
