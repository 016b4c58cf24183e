import type { ShortWay } from '../engine/short-way.js';
import type { Shortcut } from '../engine/shortcuts.js';
import type { EventSink } from '../ports/event-sink.js';
import { copyOf } from './copies.js';
import type { Copying } from './copying.js';
import { NOTHING_FOUND } from './delivery.js';

/** Answers from memory by the short way; {@link NOTHING_FOUND} for whatever the long one is to look at. */
export class QuickHits {
  readonly #way: ShortWay;
  readonly #sink: EventSink;

  constructor(way: ShortWay, sink: EventSink) {
    this.#way = way;
    this.#sink = sink;
  }

  /** A promise of what is stored, and another one for each caller: what he puts onto it is his own. */
  promise(shortcut: Shortcut, copying: Copying): Promise<unknown> | typeof NOTHING_FOUND {
    const value = this.value(shortcut, copying);
    return value === NOTHING_FOUND ? NOTHING_FOUND : Promise.resolve(value);
  }

  value(shortcut: Shortcut, copying: Copying): unknown {
    if (!this.#way.isOpen(shortcut)) return NOTHING_FOUND;
    const { held } = shortcut;
    let { value } = held;
    if (typeof value === 'object' && value !== null && copying !== false) {
      try {
        value = copyOf(held, copying);
      } catch {
        // The long way comes to the same, and has something to say of it.
        return NOTHING_FOUND;
      }
    }
    this.#count(shortcut);
    return value;
  }

  /** As {@link EventSink.hit} does: what that is told is not looked up for nothing. */
  #count(shortcut: Shortcut): void {
    const { counters } = shortcut;
    counters.hits++;
    counters.timeSavedMs += shortcut.savedMs;
    if (this.#sink.isHeard) this.#tell(shortcut);
  }

  #tell({ item: { target, stored } }: Shortcut): void {
    this.#sink.emit({ type: 'hit', key: target, route: stored.route, collapsed: false });
  }
}
