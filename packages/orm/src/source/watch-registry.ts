import type { Cache } from '@viewcache/core';
import { runtimeOf, warnOnce } from '@viewcache/core/node';

/** What somebody who watches has asked for. */
export interface Asked {
  /** The function that was called. */
  readonly watch: string;
  /** Names of the options that were given. */
  readonly given: readonly string[];
  /** All of them by name, as they were read. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** A watch, and how many have asked for it. */
interface Held<W> {
  readonly watch: W;
  readonly asked: Asked;
  count: number;
}

/** The watches of one adapter: a client that is watched twice for one cache is watched once, until both have stopped. */
export class WatchRegistry<W extends { close(): void }> {
  readonly #held = new WeakMap<object, Map<Cache, Held<W>>>();

  /**
   * @param open - begins the watch, where there is none; of one that there is, a warning says which options come too late
   * @returns the watch, and what ends it, of which more than one call does nothing
   */
  watch(
    client: object,
    { cache, asked }: { readonly cache: Cache; readonly asked: Asked },
    open: () => W,
  ): { readonly watch: W; stop(): void } {
    const watches = this.#held.get(client) ?? new Map<Cache, Held<W>>();
    const known = watches.get(cache);
    if (known !== undefined) warnOfOther(known.asked, asked, cache);
    const held = known ?? { watch: open(), asked, count: 0 };
    this.#held.set(client, watches.set(cache, held));
    held.count++;
    let isStopped = false;
    return {
      watch: held.watch,
      stop() {
        if (isStopped) return;
        isStopped = true;
        if (--held.count > 0) return;
        watches.delete(cache);
        held.watch.close();
      },
    };
  }
}

/** Whoever gives no option has none that could be ignored. */
function warnOfOther(first: Asked, { watch, given, values }: Asked, cache: Cache): void {
  const others = given.filter((name) => !isSame(first.values[name], values[name]));
  if (others.length === 0) return;
  const by = first.watch === watch ? '' : ` by ${first.watch}`;
  const message = `${watch}: it is watched${by} for the same cache already, and what was said first counts: ignored ${others.length === 1 ? 'is' : 'are'} ${others.join(', ')}`;
  runtimeOf(cache)?.telemetry.emit({ type: 'warning', message });
  warnOnce(message);
}

/** Lists are what options by name were read to, in whatever order. Functions and clients are the same only if they are one. */
function isSame(one: unknown, other: unknown): boolean {
  if (!Array.isArray(one) || !Array.isArray(other)) return one === other;
  return spelled(one) === spelled(other);
}

function spelled(list: readonly unknown[]): string {
  return list
    .map((each) => JSON.stringify(each))
    .sort()
    .join();
}
