import type { Cache } from '@viewcache/core';

/** Something that is kept of a read. */
export interface Kept {
  /** Asks for it, and says whether it had to be made once more. */
  isMadeAgain(): Promise<boolean>;
}

/** Keeps what reads come to, each as a value of its own. */
export class Keeping {
  readonly #cache: Cache;
  #count = 0;

  constructor(cache: Cache) {
    this.#cache = cache;
  }

  async keep(read: () => Promise<unknown>): Promise<Kept> {
    const key = `kept:${++this.#count}`;
    let runs = 0;
    const ask = (): Promise<number> =>
      this.#cache.getOrSet(
        key,
        async () => {
          await read();
          return ++runs;
        },
        { ttl: '5m' },
      );
    await ask();
    const isMadeAgain = async (): Promise<boolean> => {
      const before = runs;
      await ask();
      return runs > before;
    };
    if (await isMadeAgain()) throw new Error('it is not kept');
    return { isMadeAgain };
  }

  /** Of reads by name, those that have to be made once more. */
  static async madeAgain(kept: ReadonlyMap<string, Kept>): Promise<string[]> {
    const names: string[] = [];
    for (const [name, each] of kept) if (await each.isMadeAgain()) names.push(name);
    return names;
  }
}
