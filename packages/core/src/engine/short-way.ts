import type { TagTable } from '../invalidation/tag-table.js';
import type { Clock } from '../ports/clock.js';
import type { LocalStore } from '../ports/local-store.js';
import type { Keyed } from './keyed.js';
import type { LocalItem } from './local-item.js';
import type { OwnName, Shortcut, Shortcuts } from './shortcuts.js';
import type { Trust } from './trust.js';
import { isInView } from './view-storage.js';

/**
 * Whether what was found before may answer again, where memory is all there is: in as few steps as it takes to be sure.
 *
 * Anything that is not as it was, be it for good or ill, is for the long way to look at. So whatever keeps a cache from
 * answering as it did (an invalidation, a pause, other processes) has to move the local clock.
 */
export class ShortWay {
  readonly #store: LocalStore<LocalItem>;
  readonly #tags: TagTable;
  readonly #clock: Pick<Required<Clock>, 'recent'>;
  readonly #trust: Trust;

  constructor(store: LocalStore<LocalItem>, tags: TagTable, clock: Clock, trust: Trust) {
    this.#store = store;
    this.#tags = tags;
    this.#clock = clock.recent === undefined ? { recent: () => clock.monotonic() } : (clock as Required<Clock>);
    this.#trust = trust;
  }

  /** Counts as a use, where it says yes. Not within a view: that is to hear of the tags, and those of the key are not here. */
  isOpen(shortcut: Shortcut): boolean {
    return (
      shortcut.checked === this.#tags.clock &&
      this.#clock.recent() < shortcut.until &&
      !isInView() &&
      this.#store.use(shortcut.slot, shortcut.item)
    );
  }

  /** Has what was found under a key be found by a caller's own name from now on. */
  note(shortcuts: Shortcuts, name: OwnName, { text }: Keyed): void {
    // What others have written must not be believed for a turn of the event loop longer.
    const item = this.#trust.isAlone ? this.#store.peek(text) : undefined;
    if (item?.held === undefined) return;
    shortcuts.note(name, item, item.held, this.#store.slotOf(text, item), this.#clock.recent());
  }
}
