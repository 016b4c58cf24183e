import type { ThroughSettings } from '../config/through-options.js';
import type { Key } from '../config/value-call-options.js';
import { Loader } from '../values/loader.js';
import { NOTHING_MADE } from '../values/producer.js';
import type { StrategySpace } from './strategy-space.js';

/** Reads from a database what a cache has not stored. */
export class ReadStrategy {
  readonly #spaces: () => StrategySpace;
  readonly #load: (key: Key) => unknown;
  readonly #before: (key: Key, load: () => unknown) => unknown;

  /**
   * @param spaces - the cache, whichever is the one when it is asked
   * @param before - looks where there is something newer than in the database, before that is asked
   */
  constructor(
    spaces: () => StrategySpace,
    settings: ThroughSettings,
    before: (key: Key, load: () => unknown) => unknown = (_key, load) => load(),
  ) {
    this.#spaces = spaces;
    this.#load = loadOf(settings);
    this.#before = before;
  }

  get(key: Key): Promise<unknown> {
    return this.#spaces().get(key, () => this.#find(key));
  }

  async getMany(keys: readonly Key[]): Promise<Map<Key, unknown>> {
    const asked = [...new Set(keys)];
    const values = await this.#spaces().getMany(asked, (key) => this.#find(key));
    return new Map(asked.flatMap((key, i) => (values[i] === undefined ? [] : [[key, values[i]]])));
  }

  async #find(key: Key): Promise<unknown> {
    const found = await this.#before(key, () => this.#load(key));
    return found === NOTHING_MADE || found === null ? undefined : found;
  }
}

/** How one value is read: by a loader of many, where there is one, that makes one call of those who ask at the same time. */
function loadOf({ load, loadMany, by, maxBatch, name }: ThroughSettings): (key: Key) => unknown {
  if (loadMany === undefined) return load as (key: Key) => unknown;
  const loader = new Loader<Key>(loadMany, {
    by,
    name,
    most: maxBatch,
    call: { call: 'through', load: 'loadMany' },
  });
  return (key) => loader.load(key);
}
