import { answerOf, textOf } from '../base/answer.js';
import { ConfigError } from '../base/errors.js';
import { WriteRefusedError } from '../base/write-errors.js';
import type { BehindSettings } from '../config/behind-options.js';
import type { ThroughSettings } from '../config/through-options.js';
import type { Key } from '../config/value-call-options.js';
import { currentView } from '../engine/view-storage.js';
import { KeyTurns } from '../values/key-turns.js';
import {
  isLate,
  type PendingWrite,
  type SaveFailure,
  type SaveOutcome,
  type WriteQueue,
} from '../values/strategies/write-queue.js';
import type { StrategyParts } from './open-strategies.js';
import type { StrategySpace } from './strategy-space.js';
import { WriteSaver } from './write-saver.js';

type Since = Awaited<ReturnType<StrategySpace['token']>>;

/** Keys of an event: enough to see which they are. */
const MOST_TOLD = 10;

/** Makes the queue in which writes wait. */
export type OpenQueue = (strategy: BehindStrategy) => WriteQueue;

/** Acknowledges writes, and brings them to the database later. */
export class BehindStrategy {
  readonly settings: ThroughSettings;
  readonly behind: BehindSettings;
  readonly #space: () => StrategySpace;
  readonly #parts: StrategyParts;
  readonly #saver: WriteSaver;
  /** Writes of a key are put in the order in which they were asked for. */
  readonly #turns = new KeyTurns();
  /** Writes that wait no more, and that their queue is about to forget: who comes in between is not to store them again. */
  readonly #givenUp = new WeakSet<PendingWrite>();
  readonly queue: WriteQueue;

  /** @param space - the cache, whichever is the one when it is asked */
  constructor(
    space: () => StrategySpace,
    settings: ThroughSettings,
    behind: BehindSettings,
    parts: StrategyParts,
    openQueue: OpenQueue,
  ) {
    this.settings = settings;
    this.behind = behind;
    this.#space = space;
    this.#parts = parts;
    this.#saver = new WriteSaver(settings, parts.codec, parts.clock, behind.saveTimeoutMs);
    this.queue = openQueue(this);
  }

  async set(key: Key, value: unknown): Promise<void> {
    const encoded = this.#parts.codec.encode(value);
    if (encoded.kind !== 'bytes') {
      const why =
        encoded.kind === 'unregistered' ? `an instance of ${encoded.className}, which is not registered` : encoded.what;
      throw new WriteRefusedError(this.settings.name, key, 'value', why);
    }
    await this.#write(key, encoded.bytes);
  }

  async delete(key: Key): Promise<void> {
    const { remove } = this.settings;
    if (remove === undefined)
      throw new ConfigError('through.remove', remove, 'a function of a key, for delete to have something to call');
    await this.#write(key, undefined);
  }

  /**
   * Of a key with a write that waits that is the value: the database has an older one. Where it may not be stored when it is
   * written, neither is it, nor what is made of it, when it is read.
   */
  async find(key: Key, load: () => unknown): Promise<unknown> {
    const pending = this.queue.find(key);
    const found = pending instanceof Promise ? await this.#heard(pending) : pending;
    if (found === undefined || this.#givenUp.has(found)) return await load();
    if (!this.#space().mayStoreWritten) currentView()?.refuse('view');
    return this.#saver.valueOf(found);
  }

  /** Where the queue does not say, the database answers, and nothing of that is stored: it may be older. */
  async #heard(pending: Promise<PendingWrite | undefined>): Promise<PendingWrite | undefined> {
    try {
      return await pending;
    } catch (error) {
      this.tellFailure(error as Error);
      currentView()?.refuse('view');
      return undefined;
    }
  }

  tellFailure(error: Error): void {
    this.#parts.sink.emit({ type: 'store-error', store: `queue ${this.settings.name}`, error });
  }

  /**
   * Saves writes, and makes the cache agree. Other processes, which do not see what waits in this one, may have stored what the
   * database had before. Never rejects.
   */
  async save(writes: readonly PendingWrite[]): Promise<readonly SaveOutcome[]> {
    try {
      const space = this.#space();
      const since = await space.token(writes.map(({ key }) => key));
      const outcomes = await this.#saver.save(writes);
      const agree = async (write: PendingWrite, failure: SaveFailure | undefined): Promise<SaveFailure | undefined> => {
        const isElsewhere = this.#parts.isShared || !space.mayStoreWritten;
        if (failure === undefined && isElsewhere) await this.#agree(space, write, since).catch(() => {});
        return failure;
      };
      return await Promise.all(
        writes.map((write, i): SaveOutcome | Promise<SaveOutcome> => {
          const outcome = outcomes[i];
          if (!isLate(outcome)) return agree(write, outcome);
          return { ...outcome, late: outcome.late.then((failure) => agree(write, failure)) };
        }),
      );
    } catch (error) {
      return writes.map(() => ({ error, isOwn: false }));
    }
  }

  mayRetry(error: unknown): boolean {
    const { retryIf } = this.behind;
    return retryIf === undefined || answerOf(() => retryIf(error)) !== false;
  }

  /** Tells of a write that is given up, and forgets its value: the database has another one. Never rejects. */
  async giveUp(write: PendingWrite, error: unknown, attempts: number): Promise<void> {
    const { key, version, bytes } = write;
    const { name } = this.settings;
    this.#parts.sink.emit({ type: 'dead-letter', strategy: name, keys: [key], error, attempts });
    // Nobody may be listening, and a write that was acknowledged is gone.
    if (this.behind.onDeadLetter === undefined)
      this.#parts.warn(
        `writes of ${name} are given up and lost, as there is no through.onDeadLetter to keep them: ${textOf(error)}`,
      );
    try {
      const value = answerOf(() => this.#saver.valueOf(write));
      await this.behind.onDeadLetter?.({ key, version, value, isDeletion: bytes === undefined, error, attempts });
    } catch (thrown) {
      this.#parts.warn(`onDeadLetter of ${name} failed: ${textOf(thrown)}`);
    }
    this.#givenUp.add(write);
    await this.forget(write);
  }

  /** Forgets what is stored of a write that was given up. Never rejects. */
  async forget({ key }: PendingWrite): Promise<void> {
    try {
      await this.#space().drop([key]);
    } catch {
      // Its ttl ends it.
    }
  }

  failed(writes: readonly PendingWrite[], error: unknown): void {
    const keys = writes.slice(0, MOST_TOLD).map(({ key }) => key);
    this.#parts.warn(`through.save of ${this.settings.name} fails, and is tried again: ${textOf(error)}`);
    this.#parts.sink.emit({ type: 'save-failed', strategy: this.settings.name, count: writes.length, keys, error });
  }

  #write(key: Key, bytes: Buffer | undefined): Promise<void> {
    return this.#turns.run(String(key), async () => {
      const space = this.#space();
      // Older than what is acknowledged, so that of two writers of a key the cache believes the later one (PROTOCOL 4.11).
      const since = await space.token([key]);
      await this.queue.put(key, bytes);
      await this.#store(space, { key, version: 0, bytes }, since);
    });
  }

  async #agree(space: StrategySpace, write: PendingWrite, since: Since): Promise<void> {
    const newer = await this.queue.find(write.key);
    if (newer === undefined || newer.version <= write.version) await this.#store(space, write, since);
  }

  /** As it was written: its user may have changed what he handed in. */
  async #store(space: StrategySpace, write: PendingWrite, since: Since): Promise<void> {
    if (write.bytes === undefined) await space.drop([write.key]);
    else await space.agree([[write.key, this.#saver.valueOf(write)]], since);
  }
}
