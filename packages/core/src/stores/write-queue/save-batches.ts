import { Pace } from '../../values/strategies/pace.js';
import type { PendingWrite, Save, SaveFailure } from '../../values/strategies/write-queue.js';

/** A write that waits to be sent. */
interface Waiting {
  readonly write: PendingWrite;
  resolve(outcome: SaveFailure | undefined): void;
}

/** Sends writes that come at the same time together: one batch at a time, and the next one of all that came meanwhile. */
export class SaveBatches {
  readonly #save: Save;
  readonly #mayRetry: (error: unknown) => boolean;
  readonly #pace: Pace;
  #waiting: Waiting[] = [];
  #isSending = false;
  #isClosed = false;
  #stopResting: () => void = () => {};

  constructor(save: Save, mayRetry: (error: unknown) => boolean, most: number) {
    this.#save = save;
    this.#mayRetry = mayRetry;
    this.#pace = new Pace(most);
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
    const outcomes = await this.#save(batch.map(({ write }) => write));
    const isHopeless = (failure: SaveFailure | undefined): boolean =>
      failure !== undefined && (failure.isOwn || batch.length === 1) && !this.#mayRetry(failure.error);
    const failed = outcomes.filter((outcome) => outcome !== undefined);
    const isOutage = failed.length === batch.length && !outcomes.some(isHopeless);
    if (isOutage) this.#pace.failed(batch.length, performance.now());
    else this.#pace.succeeded();
    for (const [i, each] of batch.entries()) {
      const outcome = outcomes[i];
      // Of those that were refused together nobody knows for which of them.
      if (outcome !== undefined && batch.length > 1 && (isOutage || !outcome.isOwn)) this.#waiting.unshift(each);
      else each.resolve(outcome && { ...outcome, isOwn: true });
    }
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
