import { ConfigError } from '../base/errors.js';
import type { ValueParts } from '../values/value-parts.js';

/** What strategies stand on beside the calls of a cache. */
export interface StrategyParts extends Pick<ValueParts, 'clock' | 'sink' | 'codec' | 'keep' | 'warn'> {
  /** Other processes fill what this one reads. */
  readonly isShared: boolean;
  readonly open: OpenStrategies;
}

/** Strategies of a cache that hold something, and have to be closed with it. */
export class OpenStrategies {
  readonly #open = new Map<string, () => Promise<void>>();

  /**
   * Notes one that is open.
   *
   * @returns what takes it back
   * @throws {@link ConfigError} where one of its name is open: each would know nothing of what waits in the other
   */
  add(name: string, close: () => Promise<void>): () => void {
    if (this.#open.has(name))
      throw new ConfigError(
        'through.name',
        name,
        'a name that no other strategy has that writes behind, or close that one first',
        undefined,
        'is the name of a strategy of this cache already',
      );
    this.#open.set(name, close);
    return () => void this.#open.delete(name);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((close) => close()));
  }
}
