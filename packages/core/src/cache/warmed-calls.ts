import type { LocalItem } from '../engine/local-item.js';
import type { PutOff } from '../warming/warm-after.js';
import { droppedItems, type Holding } from './dropped-items.js';
import { isTold, MadeNew, WHY, waitMs } from './made-new.js';

/** What is remembered of what was dropped: enough to tell whether anybody asks for it. */
const MOST = 1_000;

/** Puts off a warming by name whose results are dropped over and over for nobody. */
export class WarmedCalls implements PutOff {
  readonly #holding: Holding;
  readonly #warn: (message: string) => void;
  readonly #madeNew = new MadeNew();
  /** Keys of what it had dropped, and has made new. */
  #keys: readonly string[] = [];
  #times = 0;
  #at = 0;
  #isTold = false;

  constructor(holding: Holding, warn: (message: string) => void) {
    this.#holding = holding;
    this.#warn = warn;
  }

  async warm(tags: ReadonlySet<string>, warm: () => Promise<void>): Promise<number | undefined> {
    const { local, clock } = this.#holding;
    const dropped = [...droppedItems(tags, this.#holding)];
    if (dropped.some(([, item]) => this.#madeNew.timesOf(item) === 0)) this.#times = 0;
    const againInMs = this.#times === 0 ? 0 : this.#at + waitMs(this.#times) - clock.monotonic();
    if (againInMs > 0) {
      this.#tell();
      return againInMs;
    }
    const unread = this.#keys.flatMap((key) => local.peek(key) ?? []).filter((item) => this.#isUnread(item));
    await warm();
    // It finds what it has made before: that is no visitor.
    for (const item of unread) item.hasAnswered = false;
    this.#at = clock.monotonic();
    this.#times++;
    for (const [key, item] of dropped) this.#madeNew.made(item, local.peek(key), this.#at);
    this.#keys = [...new Set([...dropped.map(([key]) => key), ...this.#keys])].slice(0, MOST);
    return undefined;
  }

  #isUnread(item: LocalItem): boolean {
    return !item.hasAnswered && this.#madeNew.timesOf(item) > 0;
  }

  #tell(): void {
    if (this.#isTold || !isTold(this.#times)) return;
    this.#isTold = true;
    this.#warn(`it was invalidated again after each of ${this.#times} times that it was made new, ${WHY}`);
  }
}
