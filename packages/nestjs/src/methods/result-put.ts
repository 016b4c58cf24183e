import type { CacheToken } from '@viewcache/core';
import type { AnyFunction } from '@viewcache/core/node';
import { orElse, saidBy, saysYes, warn } from './asked-options.js';
import type { CachePutOptions } from './cache-put-options.js';
import type { CachedResults } from './method-rule.js';
import { type Last, lastOf } from './result-kinds.js';

/** One call of a method that replaces a result of another one. */
export class ResultPut {
  readonly #setting: string;
  readonly #options: CachePutOptions;
  readonly #results: CachedResults;
  readonly #instance: object | undefined;
  readonly #args: readonly unknown[];

  /** @param instance - `undefined`, where the other one is another class's */
  constructor(
    setting: string,
    options: CachePutOptions,
    results: CachedResults,
    instance: object | undefined,
    args: readonly unknown[],
  ) {
    this.#setting = setting;
    this.#options = options;
    this.#results = results;
    this.#instance = instance;
    this.#args = args;
  }

  /** Runs the method, and stores what it comes to: as of before it has read anything. */
  async around(run: () => unknown): Promise<unknown> {
    const since = await this.#results.cache.token();
    const value = await run();
    await this.#store(value, since);
    return value;
  }

  /** The same of an Observable, by its last value; one that has none leaves nothing to store. */
  async aroundLast(run: () => unknown): Promise<Last> {
    const since = await this.#results.cache.token();
    const last = await lastOf(run());
    await (last.length === 0 ? this.end(undefined) : this.#store(last[0], since));
    return last;
  }

  async #store(value: unknown, since: CacheToken): Promise<void> {
    const { cache } = this.#results;
    const storeIf = this.#options.storeIf as AnyFunction | undefined;
    await this.#replace(value, async (args) => {
      if (!saysYes(cache, `${this.#setting}.storeIf`, storeIf, [value, ...this.#args]))
        await this.#results.invalidate(this.#instance, args);
      else await this.#results.put(this.#instance, args, value, since);
    });
  }

  /** Ends what is stored: something newer is there that nobody can vouch for. */
  async end(value: unknown): Promise<void> {
    await this.#replace(value, (args) => this.#results.invalidate(this.#instance, args));
  }

  async #replace(value: unknown, act: (args: readonly unknown[]) => Promise<unknown>): Promise<void> {
    const { args } = this.#options;
    const { cache } = this.#results;
    const said = args === undefined ? this.#args : saidBy(cache, `${this.#setting}.args`, args, [value, ...this.#args]);
    if (said !== undefined && !Array.isArray(said)) warn(cache, `${this.#setting}.args returned no list`);
    // Where nobody knows which is older now, it is all of them.
    const actOn = (): Promise<unknown> =>
      Array.isArray(said) ? act(said) : this.#results.invalidate(this.#instance, undefined);
    const all = (): Promise<unknown> => this.#results.invalidate(undefined, undefined);
    await orElse(cache, `${this.#setting} stored nothing, and ended all results`, actOn, all);
  }
}
