import type { LocalQueueParts } from '../../values/strategies/local-queue-parts.js';
import { Pace } from '../../values/strategies/pace.js';
import {
  isLate,
  type LateSave,
  type PendingWrite,
  type SaveFailure,
  type SaveOutcome,
} from '../../values/strategies/write-queue.js';

/** A write that waits to be sent. */
interface Waiting {
  readonly write: PendingWrite;
  resolve(outcome: SaveFailure | undefined): void;
}

/** What they are sent by. */
type BatchParts = Pick<LocalQueueParts, 'save' | 'mayRetry' | 'failed' | 'limits'>;

/** Sends writes that come at the same time together: one batch at a time, and the next one of all that came meanwhile. */
export class SaveBatches {
  readonly #parts: BatchParts;
  readonly #pace: Pace;
  #waiting: Waiting[] = [];
  #isSending = false;
  #isClosed = false;
  #stopResting: () => void = () => {};

  constructor(parts: BatchParts) {
    this.#parts = parts;
    this.#pace = new Pace(parts.limits.flushSize);
  }

  /** Resolves with what came of it; an error that is its own, as it went alone in the end. */
  send(write: PendingWrite): Promise<SaveFailure | undefined> {
    return new Promise((resolve) => {
      this.#waiting.push({ write, resolve });
      if (this.#isClosed) this.#giveBack();
      else if (!this.#isSending) void this.#sendAll();
    });
  }

  /** Lets a rest end that a failure has begun. */
  hurry(): void {
    this.#pace.hurry();
    this.#stopResting();
  }

  /** What has not gone by now does not go: somebody else will have it. */
  close(): void {
    this.#isClosed = true;
    this.hurry();
    if (!this.#isSending) this.#giveBack();
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    // When all that are ready now have come.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0 && !this.#isClosed) {
      await this.#rest();
      if (this.#isClosed) break;
      await this.#sendSome(this.#waiting.splice(0, this.#pace.size));
    }
    this.#isSending = false;
    if (this.#isClosed) this.#giveBack();
  }

  async #sendSome(batch: readonly Waiting[]): Promise<void> {
    const outcomes = await this.#parts.save(batch.map(({ write }) => write));
    const isHopeless = (failure: SaveOutcome): boolean =>
      failure !== undefined &&
      !isLate(failure) &&
      (failure.isOwn || batch.length === 1) &&
      !this.#parts.mayRetry(failure.error);
    const failed = outcomes.filter((outcome) => outcome !== undefined);
    const isOutage = failed.length === batch.length && !outcomes.some(isHopeless);
    if (isOutage) this.#pace.failed(batch.length, performance.now());
    else this.#pace.succeeded();
    for (const [i, each] of batch.entries()) {
      const outcome = outcomes[i];
      if (isLate(outcome)) {
        void this.#awaitLate(each, outcome, batch.length === 1);
        continue;
      }
      // Of those that were refused together nobody knows for which of them.
      if (outcome !== undefined && batch.length > 1 && (isOutage || !outcome.isOwn)) this.#waiting.unshift(each);
      else each.resolve(outcome && { ...outcome, isOwn: true });
    }
  }

  /** What is late may still be carried out: whoever works on it keeps the right to its key until it has answered. */
  async #awaitLate({ write, resolve }: Waiting, { error, late }: LateSave, isAlone: boolean): Promise<void> {
    this.#parts.failed([write], error);
    const failure = await late;
    resolve(failure && { ...failure, isOwn: failure.isOwn || isAlone });
  }

  async #rest(): Promise<void> {
    const ms = this.#pace.restsUntil - performance.now();
    if (!(ms > 0)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#stopResting = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #giveBack(): void {
    const error = new Error('the strategy has been closed');
    for (const { resolve } of this.#waiting.splice(0)) resolve({ error, isOwn: false });
  }
}
