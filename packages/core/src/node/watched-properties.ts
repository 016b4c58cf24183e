import type { Socket } from 'node:net';
import type { Fields } from './inputs.js';
import { type Watcher, watcherSlot } from './watcher.js';

type Watched = Fields & { readonly headers: { readonly [watcherSlot]?: Watcher } };

/** One accessor a name for all requests: a closure for each would cost more than the rest of the guard. */
const absentOfRequests = new Map<string | symbol, PropertyDescriptor>();
const absentOfResponses = new Map<string | symbol, PropertyDescriptor>();
const absentGetters = new WeakSet<object>();

/** Says that a property which is not there was asked for; who assigns it gets a plain property. */
export function watchAbsent(req: object, name: string | symbol): void {
  Object.defineProperty(
    req,
    name,
    absentOf(absentOfRequests, name, `req.${String(name)}`, (it) => it as Watched),
  );
}

/** The same of a response, which knows its request. */
export function watchAbsentOfResponse(res: object, name: string | symbol): void {
  const requestOf = (it: object) => (it as { req?: Watched }).req;
  Object.defineProperty(res, name, absentOf(absentOfResponses, name, `res.${String(name)}`, requestOf));
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
  requestOf: (it: object) => Watched | undefined,
): PropertyDescriptor {
  let accessor = accessors.get(name);
  if (accessor === undefined) {
    const get = function (this: object) {
      requestOf(this)?.headers[watcherSlot]?.note(input);
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

const ADDRESS = 'socket.remoteAddress';
/** At which port and address one comes in may tell, too, who is let in. */
const PERSONAL = ['remoteAddress', 'remotePort', 'remoteFamily', 'localAddress', 'localPort'] as const;
/** What a server that asks for certificates knows of its client, and the name that the client has asked for. */
const OF_TLS = ['authorized', 'authorizationError', 'servername'] as const;
const CERTIFICATES = ['getPeerCertificate', 'getPeerX509Certificate'] as const;

/** Who watches a connection now, and who did before and still may: requests can be sent ahead of answers. */
interface Connected {
  readonly watcher: Watcher;
  readonly before: Connected | undefined;
}
type WatchedSocket = Socket & { [watchers]?: Connected | undefined; [isFixed]?: true };
const watchers: unique symbol = Symbol('viewcache.watchers');
/** Some of it cannot be watched: it counts as read. */
const isFixed: unique symbol = Symbol('viewcache.fixed');

/** Watches the address of a connection, and the client's certificate: once for all requests that come over it. */
export function watchSocket(socket: WatchedSocket | undefined, watcher: Watcher): void {
  // A request that came over no connection, as tests make them.
  if (socket === undefined || socket === null) return;
  const isFirst = !(watchers in socket);
  let before = socket[watchers];
  while (before !== undefined && !before.watcher.isListening) before = before.before;
  socket[watchers] = { watcher, before };
  if (isFirst) watchConnection(socket);
  if (socket[isFixed] === true) watcher.note(ADDRESS);
}

function watchConnection(socket: WatchedSocket): void {
  const names = 'encrypted' in socket ? [...PERSONAL, ...OF_TLS] : PERSONAL;
  if (!names.map((name) => watchValue(socket, name)).every(Boolean)) socket[isFixed] = true;
  for (const name of CERTIFICATES) {
    const method: unknown = Reflect.get(socket, name);
    if (typeof method !== 'function') continue;
    Object.defineProperty(socket, name, {
      configurable: true,
      writable: true,
      value: (...args: unknown[]) => {
        for (let it = socket[watchers]; it !== undefined; it = it.before) it.watcher.note(ADDRESS);
        return method.apply(socket, args);
      },
    });
  }
}

/** The connection may be idle for long: it keeps nothing of a request that has been answered. */
export function unwatchSocket(socket: WatchedSocket | undefined, watcher: Watcher): void {
  const connected = socket?.[watchers];
  if (socket && connected?.watcher === watcher) socket[watchers] = connected.before;
}

/** @returns false where it cannot be watched */
function watchValue(socket: WatchedSocket, name: string): boolean {
  let owner: object | null = socket;
  let descriptor: PropertyDescriptor | undefined;
  for (; owner !== null && descriptor === undefined; owner = Object.getPrototypeOf(owner)) {
    descriptor = Object.getOwnPropertyDescriptor(owner, name);
  }
  if (descriptor === undefined) return true;
  if (!descriptor.configurable && Object.hasOwn(socket, name)) return false;
  const { get, enumerable } = descriptor;
  let value: unknown = descriptor.value;
  Object.defineProperty(socket, name, {
    configurable: true,
    enumerable: enumerable ?? false,
    get: () => {
      for (let it = socket[watchers]; it !== undefined; it = it.before) it.watcher.note(ADDRESS);
      return get === undefined ? value : get.call(socket);
    },
    // Node itself may find out more of its client.
    set: (next: unknown) => {
      value = next;
    },
  });
  return true;
}
