import type { LocalItem } from '../engine/local-item.js';
import type { DroppedView } from '../warming/dropped-view.js';
import { droppedItems, type Holding, viewOf } from './dropped-items.js';
import { isTold, MadeNew, WHY } from './made-new.js';

/** Views that one invalidation has asked for again. */
const MOST = 1_000;

interface Dropped {
  readonly key: string;
  readonly item: LocalItem;
  readonly view: DroppedView;
}

interface Due {
  readonly asked: readonly Dropped[];
  readonly againInMs: number | undefined;
}

/** Asks again for views that were dropped, and puts off those that are dropped over and over for nobody. */
export class Rewarmer {
  readonly #holding: Holding;
  readonly #ask: (views: () => readonly DroppedView[]) => Promise<void>;
  readonly #warn: (message: string) => void;
  readonly #madeNew = new MadeNew();
  /** Counters of routes that were told of: those are bounded. */
  readonly #told = new WeakSet<object>();

  /** @param ask - never rejects */
  constructor(
    holding: Holding,
    ask: (views: () => readonly DroppedView[]) => Promise<void>,
    warn: (message: string) => void,
  ) {
    this.#holding = holding;
    this.#ask = ask;
    this.#warn = warn;
  }

  /** @returns after how many milliseconds what was put off is due; `undefined` where that is nothing */
  async rewarm(names: ReadonlySet<string>): Promise<number | undefined> {
    const { local, clock } = this.#holding;
    const madeNew = this.#madeNew;
    let due: Due = { asked: [], againInMs: undefined };
    await this.#ask(() => {
      due = this.#dueOf(names);
      return due.asked.map(({ view }) => view);
    });
    const now = clock.monotonic();
    for (const { key, item } of due.asked) madeNew.made(item, local.peek(key), now);
    return due.againInMs;
  }

  #dueOf(names: ReadonlySet<string>): Due {
    const now = this.#holding.clock.monotonic();
    // Whoever has asked for a thousand URLs that nobody else has heard of takes no place of those that are asked for.
    const found: Dropped[] = [];
    const unread: Dropped[] = [];
    let againInMs: number | undefined;
    for (const [key, item] of droppedItems(names, this.#holding)) {
      const view = viewOf(item);
      if (view === undefined) continue;
      const waitMs = this.#madeNew.waitMs(item, now);
      if (waitMs > 0) {
        againInMs = Math.min(againInMs ?? waitMs, waitMs);
        this.#tell(item);
        continue;
      }
      const list = item.hasAnswered || item.wasOfUse ? found : unread;
      if (list.length < MOST) list.push({ key, item, view });
      if (found.length >= MOST) break;
    }
    return { asked: [...found, ...unread].slice(0, MOST), againInMs };
  }

  #tell(item: LocalItem): void {
    const { counters, stored } = item;
    const times = this.#madeNew.timesOf(item);
    if (!isTold(times) || this.#told.has(counters)) return;
    this.#told.add(counters);
    this.#warn(
      `rewarm: ${stored.route} was invalidated again after each of ${times} times that it was made new, ${WHY}`,
    );
  }
}
