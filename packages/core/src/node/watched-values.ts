import type { Fields } from './inputs.js';
import type { Watcher } from './watcher.js';

type Name = string | symbol;

/** What a property held before it was watched, and holds since. */
interface Held {
  /** What stands in its place. */
  readonly get: () => unknown;
  value: unknown;
  /** Of an accessor that somebody else had put there. */
  readonly read: (() => unknown) | undefined;
  readonly write: ((value: unknown) => void) | undefined;
  /** The guard of a view further outside had it already, and is told as well. */
  readonly below: WatchedValues | undefined;
  readonly input: string;
  readonly isHidden: boolean;
}

/** Recognised by the guard as its own. */
const slot = Symbol.for('viewcache.values');
type Watched = Fields & { [slot]?: WatchedValues | undefined };

/**
 * The properties of a request, or of a response, that are there and are watched.
 *
 * Their accessors are the same for all requests. A function that is made for one of them and put on it would cost more
 * than that: V8 keeps all that is reachable from there until the next full collection.
 */
export class WatchedValues {
  readonly #target: Watched;
  readonly #watcher: Watcher;
  readonly #held = new Map<Name, Held>();
  #below: WatchedValues | undefined;

  constructor(target: Fields, watcher: Watcher) {
    this.#target = target;
    this.#watcher = watcher;
  }

  /** Whether a property is watched here, and nobody has put something else in its place since. */
  isWatching(name: Name): boolean {
    const held = this.#held.get(name);
    return held !== undefined && Object.getOwnPropertyDescriptor(this.#target, name)?.get === held.get;
  }

  /** Watches a property that is there. False where it cannot be watched, which counts as read. */
  watch(name: Name, input: string): boolean {
    const target = this.#target;
    const descriptor = Object.getOwnPropertyDescriptor(target, name);
    if (descriptor?.configurable === false) {
      this.#watcher.note(input);
      return false;
    }
    if (this.#held.size === 0) this.#settle();
    const { get, set } = accessorOf(name);
    const isOurs = descriptor?.get !== undefined && getters.has(descriptor.get);
    this.#held.set(name, {
      get,
      value: descriptor?.value,
      read: isOurs ? undefined : descriptor?.get,
      write: isOurs ? undefined : descriptor?.set,
      below: isOurs ? this.#below : undefined,
      input,
      isHidden: this.#watcher.rules.actions.get(input) === 'hide',
    });
    Object.defineProperty(target, name, { configurable: true, enumerable: descriptor?.enumerable ?? false, get, set });
    return true;
  }

  get(name: Name): unknown {
    const held = this.#held.get(name);
    if (held === undefined) return this.#below?.get(name);
    const watcher = this.#watcher;
    if (held.isHidden && watcher.isHiding) return undefined;
    const { read, below } = held;
    // What a getter reads on its own is part of what was asked for.
    const found: unknown =
      below !== undefined
        ? below.get(name)
        : read === undefined
          ? held.value
          : watcher.unwatched(() => read.call(this.#target));
    if (!watcher.isRefilled(found)) watcher.note(held.input);
    return found;
  }

  set(name: Name, value: unknown): void {
    const held = this.#held.get(name);
    if (held === undefined) this.#below?.set(name, value);
    else if (held.below !== undefined) held.below.set(name, value);
    else if (held.write !== undefined) held.write.call(this.#target, value);
    else held.value = value;
  }

  #settle(): void {
    this.#below = this.#target[slot];
    Object.defineProperty(this.#target, slot, { configurable: true, writable: true, value: this });
  }
}

interface Accessor {
  get(): unknown;
  set(value: unknown): void;
}

const accessors = new Map<Name, Accessor>();
const getters = new WeakSet<object>();
/** Names whose accessors are kept: a library may make a symbol for each request. */
const ACCESSORS = 1_000;

function accessorOf(name: Name): Accessor {
  const known = accessors.get(name);
  if (known !== undefined) return known;
  const accessor = {
    get(this: Watched): unknown {
      return this[slot]?.get(name);
    },
    set(this: Watched, value: unknown): void {
      this[slot]?.set(name, value);
    },
  };
  getters.add(accessor.get);
  if (accessors.size < ACCESSORS) accessors.set(name, accessor);
  return accessor;
}
