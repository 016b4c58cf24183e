import { ConfigError } from '../base/errors.js';
import type { ThroughSettings } from '../config/through-options.js';
import type { Key } from '../config/value-call-options.js';
import type { StrategySpace } from './strategy-space.js';

type Entry = readonly [key: Key, value: unknown];

/** Writes to a database first, and then makes a cache agree. */
export class WriteStrategy {
  readonly #spaces: () => StrategySpace;
  readonly #settings: ThroughSettings;

  /** @param spaces - the cache, whichever is the one when it is asked */
  constructor(spaces: () => StrategySpace, settings: ThroughSettings) {
    this.#spaces = spaces;
    this.#settings = settings;
  }

  async set(key: Key, value: unknown): Promise<void> {
    const { save, saveMany } = this.#settings;
    await this.#write([[key, value]], ([entry = [key, value]]) =>
      save === undefined ? saveMany?.([entry]) : save(...entry),
    );
  }

  async setMany(given: readonly Entry[]): Promise<void> {
    const { saveMany, maxBatch } = this.#settings;
    // Of two values of one key the last one counts, as for a database that is given both.
    const entries = [...new Map(given)];
    const writes =
      saveMany === undefined
        ? entries.map(([key, value]) => this.set(key, value))
        : batchesOf(entries, maxBatch).map((batch) => this.#write(batch, saveMany));
    const ends = await Promise.allSettled(writes);
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async delete(key: Key): Promise<void> {
    const { remove } = this.#settings;
    if (remove === undefined)
      throw new ConfigError('through.remove', remove, 'a function of a key, for delete to have something to call');
    const space = this.#spaces();
    try {
      await remove(key);
    } catch (error) {
      await forget(space, [key]);
      throw error;
    }
    await space.drop([key]);
  }

  /** The token is older than the save, so that of two writers of a key the one that is stored is the only one (PROTOCOL 4.11). */
  async #write(given: readonly Entry[], save: (entries: readonly Entry[]) => unknown): Promise<void> {
    const space = this.#spaces();
    const keys = given.map(([key]) => key);
    const isThrough = this.#settings.mode === 'write-through';
    // As they are now, one for each: what their owner makes of them meanwhile, and what the database does, is in neither.
    const copies = (): readonly Entry[] => given.map(([key, value]) => [key, space.copyOf(value)]);
    const saved = isThrough ? copies() : given.map(([key, value]): Entry => [key, value]);
    const stored = isThrough && space.mayStoreWritten ? copies() : given;
    const since = isThrough ? await space.token(keys) : undefined;
    try {
      await save(saved);
    } catch (error) {
      await forget(space, keys);
      throw error;
    }
    await space.agree(stored, since);
  }
}

/** Whatever a database has done that has failed: nobody knows. What comes of it here is not what its user has to hear of. */
async function forget(space: StrategySpace, keys: readonly Key[]): Promise<void> {
  await space.drop(keys).catch(() => {});
}

function batchesOf<T>(items: readonly T[], most: number): (readonly T[])[] {
  const batches: (readonly T[])[] = [];
  for (let at = 0; at < items.length; at += most) batches.push(items.slice(at, at + most));
  return batches;
}
