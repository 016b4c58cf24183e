import type { Fields } from './inputs.js';
import { isPresent, settleFront, watchAbsentOfFront } from './watched-properties.js';
import { WatchedValues } from './watched-values.js';
import type { Watcher } from './watcher.js';

type Name = string | symbol;

/**
 * What a framework gives its handlers in place of Node's request and response. It reads fields and the connection of the
 * request beneath, which is watched itself.
 */
export interface Front {
  readonly request: object;
  readonly response: object;
  /** Whether a property that such an object has says nothing of the visitor that is not watched beneath. */
  isPlain(owner: 'request' | 'response', name: Name, target: object): boolean;
  /** Whether a request has one of these is in its key: where one is absent, to ask for it is no use. */
  readonly keyed?: ReadonlySet<Name>;
}

/** Names that were once seen on such a request: watched from then on also where they are absent. */
const learned = new Set<Name>(['user', 'auth', 'session', 'cookies']);
const LEARNED = 128;

/** Getters that an app has added to all its requests, by what these inherit. */
const inherited = new WeakMap<object, readonly Name[]>();

/** The request and the response of a framework that stand before those of Node, with what others have put on them watched. */
export class WatchedFront {
  readonly #front: Front;
  readonly #watcher: Watcher;

  constructor(front: Front, watcher: Watcher) {
    this.#front = front;
    this.#watcher = watcher;
  }

  watch(): void {
    const request = this.#front.request as Fields;
    settleFront(request, this.#watcher);
    this.#watchOwn('request', request, 'req');
    for (const name of this.#gettersOf(request)) this.#watchGetter(request, name);
    for (const name of learned) if (!(name in request)) watchAbsentOfFront(request, name);
    this.#watchOwn('response', this.#front.response as Fields, 'res');
  }

  /** Whether the request has a property; nobody hears of this question. */
  has(name: string): boolean {
    const value: unknown = Reflect.get(this.#front.request, name);
    return value !== undefined && value !== null;
  }

  #watchOwn(owner: 'request' | 'response', target: Fields, prefix: 'req' | 'res'): void {
    const values = new WatchedValues(target, this.#watcher);
    for (const name of Reflect.ownKeys(target)) {
      if (this.#front.isPlain(owner, name, target) || !isPresent(target, name) || isMethod(target, name)) continue;
      if (owner === 'request' && this.#front.keyed?.has(name) !== true && learned.size < LEARNED) learned.add(name);
      values.watch(name, `${prefix}.${String(name)}`);
    }
  }

  /** What such a getter answers may come from anywhere. */
  #watchGetter(request: Fields, name: Name): void {
    const watcher = this.#watcher;
    const input = `req.${String(name)}`;
    Object.defineProperty(request, name, {
      configurable: true,
      get: () => {
        watcher.note(input);
        return watcher.unwatched(() => Reflect.get(Object.getPrototypeOf(request), name, request));
      },
      set: (value: unknown) => void Reflect.set(Object.getPrototypeOf(request), name, value, request),
    });
  }

  #gettersOf(request: object): readonly Name[] {
    const prototype: object = Object.getPrototypeOf(request);
    let names = inherited.get(prototype);
    if (names === undefined) {
      const found = new Set<Name>();
      // One that has nothing of its own: what an app has put on the first of them says nothing of the others.
      const bare: object = Object.create(prototype);
      for (let owner = prototype; owner !== null && owner !== Object.prototype; owner = Object.getPrototypeOf(owner)) {
        for (const name of Reflect.ownKeys(owner)) {
          const { get } = Object.getOwnPropertyDescriptor(owner, name) ?? {};
          if (get !== undefined && !this.#front.isPlain('request', name, bare)) found.add(name);
        }
      }
      names = [...found];
      inherited.set(prototype, names);
    }
    return names.filter((name) => !Object.hasOwn(request, name));
  }
}

/** A method in the place of an inherited one. */
function isMethod(target: Fields, name: Name): boolean {
  return isFunction(target, name) && isFunction(inheritedOwner(target, name), name);
}

/** What a getter there would answer is not asked for: it may be there for requests alone. */
function isFunction(owner: object | null, name: Name): boolean {
  return owner !== null && typeof Object.getOwnPropertyDescriptor(owner, name)?.value === 'function';
}

function inheritedOwner(target: object, name: Name): object | null {
  let owner: object | null = Object.getPrototypeOf(target);
  while (owner !== null && !Object.hasOwn(owner, name)) owner = Object.getPrototypeOf(owner);
  return owner;
}
