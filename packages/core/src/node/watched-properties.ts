import type { Fields } from './inputs.js';
import { type Watcher, watcherSlot } from './watcher.js';

type Watched = Fields & { readonly headers: { readonly [watcherSlot]?: Watcher } };

/** One accessor a name for all requests: a closure for each would cost more than the rest of the guard. */
const absentOfRequests = new Map<string | symbol, PropertyDescriptor>();
const absentOfFronts = new Map<string | symbol, PropertyDescriptor>();
const absentOfResponses = new Map<string | symbol, PropertyDescriptor>();
const absentGetters = new WeakSet<object>();

/** Says that a property which is not there was asked for; who assigns it gets a plain property. */
export function watchAbsent(req: object, name: string | symbol): void {
  const watcherOf = (it: object) => (it as Watched).headers[watcherSlot];
  Object.defineProperty(req, name, absentOf(absentOfRequests, name, `req.${String(name)}`, watcherOf));
}

/** Where a framework's own request has who watches it: to ask for its fields may be to ask for what is watched. */
const front = Symbol.for('viewcache.front');
type Front = object & { [front]?: Watcher };

/** Begins to watch the request of a framework, which stands before that of Node. */
export function settleFront(request: object, watcher: Watcher): void {
  Object.defineProperty(request, front, { configurable: true, writable: true, value: watcher });
}

/** The same as {@link watchAbsent} of such a request. */
export function watchAbsentOfFront(request: object, name: string | symbol): void {
  const watcherOf = (it: object) => (it as Front)[front];
  Object.defineProperty(request, name, absentOf(absentOfFronts, name, `req.${String(name)}`, watcherOf));
}

/** The same of a response, which knows its request. */
export function watchAbsentOfResponse(res: object, name: string | symbol): void {
  const watcherOf = (it: object) => (it as { req?: Watched }).req?.headers[watcherSlot];
  Object.defineProperty(res, name, absentOf(absentOfResponses, name, `res.${String(name)}`, watcherOf));
}

/** Whether there is a property, and not only somebody who watches for it. */
export function isPresent(req: object, name: string | symbol): boolean {
  const descriptor = Object.getOwnPropertyDescriptor(req, name);
  return descriptor !== undefined && (descriptor.get === undefined || !absentGetters.has(descriptor.get));
}

function absentOf(
  accessors: Map<string | symbol, PropertyDescriptor>,
  name: string | symbol,
  input: string,
  watcherOf: (it: object) => Watcher | undefined,
): PropertyDescriptor {
  let accessor = accessors.get(name);
  if (accessor === undefined) {
    const get = function (this: object) {
      watcherOf(this)?.note(input);
      return undefined;
    };
    const set = function (this: object, value: unknown) {
      Object.defineProperty(this, name, { configurable: true, enumerable: true, writable: true, value });
    };
    accessor = { configurable: true, enumerable: false, get, set };
    accessors.set(name, accessor);
    absentGetters.add(get);
  }
  return accessor;
}

/** `res.locals`, of which some names may be about the visitor: also asking whether one is there is reading it. */
export class WatchedLocals implements ProxyHandler<Fields> {
  readonly #watcher: Watcher;
  readonly #names: Set<string | symbol>;

  constructor(watcher: Watcher, names: Iterable<string | symbol>) {
    this.#watcher = watcher;
    this.#names = new Set(names);
  }

  /** Watches these, too. */
  add(names: Iterable<string | symbol>): void {
    for (const name of names) this.#names.add(name);
  }

  get(target: Fields, name: string | symbol): unknown {
    if (this.#isHidden(name)) return undefined;
    const value = Reflect.get(target, name);
    if (this.#names.has(name) && !this.#watcher.isRefilled(value)) this.#watcher.note(`res.locals.${String(name)}`);
    return value;
  }

  has(target: Fields, name: string | symbol): boolean {
    if (this.#isHidden(name)) return false;
    if (this.#names.has(name)) this.#watcher.note(`res.locals.${String(name)}`);
    return Reflect.has(target, name);
  }

  getOwnPropertyDescriptor(target: Fields, name: string | symbol): PropertyDescriptor | undefined {
    if (this.#isHidden(name)) return undefined;
    const descriptor = Reflect.getOwnPropertyDescriptor(target, name);
    if (this.#names.has(name) && !this.#watcher.isRefilled(descriptor?.value))
      this.#watcher.note(`res.locals.${String(name)}`);
    return descriptor;
  }

  #isHidden(name: string | symbol): boolean {
    const { rules, isHiding } = this.#watcher;
    return isHiding && rules.actions.size > 0 && rules.actions.get(`res.locals.${String(name)}`) === 'hide';
  }
}
