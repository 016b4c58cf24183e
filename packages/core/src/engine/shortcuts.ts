import type { RouteCounters } from '../ports/event-sink.js';
import type { HeldValue } from '../ports/stored-response.js';
import type { LocalItem } from './local-item.js';

/** A longer name weighs as much again as the text of the item's key, which is what it is found by, then. */
const LONGEST = 64;
/** V8 copies a part of a text that is shorter; of a longer one it keeps the whole that it was cut from: a file, perhaps. */
const SHORTEST_PART = 13;
/** V8 keeps whole numbers without an object for each, up to a limit: three weeks of milliseconds. */
const FAR_MS = 1e9;

/** What a caller calls a value by. */
export type OwnName = string | number;

/**
 * All that a hit of a value has to know, in one place: to gather it from the objects that it is part of would take longer
 * than the rest.
 *
 * Says nothing of whether its item is stored still: that is asked of the store, each time.
 */
export class Shortcut {
  /** The local clock when the tags were last found unchanged. */
  checked = 0;
  /** Where the item stood in the store then. */
  slot = 0;
  /** Monotonic time up to which the item is fresh, if not a little longer. */
  until = 0;
  readonly counters: RouteCounters;
  readonly savedMs: number;

  constructor(
    readonly of: Shortcuts,
    readonly name: OwnName,
    readonly item: LocalItem,
    readonly held: HeldValue,
  ) {
    this.counters = item.counters;
    this.savedMs = item.stored.producerMs;
  }

  /** The item has left the store, or its name is another one's. */
  leave(): void {
    this.item.shortcut = undefined;
    this.of.forget(this.name);
  }

  /** The long way has just found the item, at this place. */
  renew(slot: number, now: number): void {
    this.checked = this.item.checked;
    this.slot = slot;
    this.until = Math.floor(Math.min(this.item.freshUntil, now + FAR_MS));
  }
}

/**
 * From a caller's own name for a value to what was found for it, so that the next hit makes no text of a key.
 *
 * What leaves the store takes its shortcut along, so that there are never more than there are items.
 */
export class Shortcuts {
  readonly #known = new Map<OwnName, Shortcut>();
  readonly #among: Map<string, Shortcuts> | undefined;
  readonly #prefix: string;

  /** @param among - where those are that are not empty, by the namespace that the names are in */
  constructor(among?: Map<string, Shortcuts>, prefix = '') {
    this.#among = among;
    this.#prefix = prefix;
  }

  get(name: OwnName): Shortcut | undefined {
    return this.#known.get(name);
  }

  /** An item has one shortcut at most: whoever calls it otherwise goes the long way. */
  note(name: OwnName, item: LocalItem, held: HeldValue, slot: number, now: number): void {
    let known = this.#known.get(name);
    if (known?.item !== item) {
      if (item.shortcut !== undefined || (typeof name === 'string' && name.length > LONGEST)) return;
      // Whose name it was has left the store, which has not told so yet.
      known?.leave();
      known = new Shortcut(this, typeof name === 'string' ? copied(name) : name, item, held);
      item.shortcut = known;
      this.#known.set(known.name, known);
      this.#among?.set(this.#prefix, this);
    }
    known.renew(slot, now);
  }

  forget(name: OwnName): void {
    this.#known.delete(name);
    if (this.#known.size === 0) this.#among?.delete(this.#prefix);
  }
}

function copied(name: string): string {
  return name.length < SHORTEST_PART
    ? name
    : String.fromCharCode(...Array.from({ length: name.length }, (_, i) => name.charCodeAt(i)));
}
