import type { ThroughSettings } from '../config/through-options.js';
import type { Key } from '../config/value-call-options.js';
import { currentView } from '../engine/view-storage.js';
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
    const space = this.#spaces();
    return space.get(key, () => this.#find(key, space));
  }

  async getMany(keys: readonly Key[]): Promise<Map<Key, unknown>> {
    const asked = [...new Set(keys)];
    const space = this.#spaces();
    const values = await space.getMany(asked, (key) => this.#find(key, space));
    return new Map(asked.flatMap((key, i) => (values[i] === undefined ? [] : [[key, values[i]]])));
  }

  async #find(key: Key, space: StrategySpace): Promise<unknown> {
    const found = await this.#before(key, async () => {
      const loaded = await this.#load(key);
      space.hasLoaded(currentView());
      return loaded;
    });
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
