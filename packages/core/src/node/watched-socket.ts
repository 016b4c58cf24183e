import { Socket } from 'node:net';
import type { Watcher } from './watcher.js';

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
  watchAdded(socket);
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

/** What Node itself puts on a connection, a TLS one included, and what libraries that count requests mark there. */
const PLAIN: ReadonlySet<string | symbol> = new Set([
  ...Reflect.ownKeys(new Socket()),
  ...'server parser on addListener prependListener setEncoding timeout _paused _httpMessage _meta _peername _sockname'.split(
    ' ',
  ),
  ...'_tlsOptions _secureEstablished _securePending _newSessionPending _controlReleased _SNICallback _parent'.split(
    ' ',
  ),
  ...'secureConnecting alpnProtocol encrypted ssl _requestCert _rejectUnauthorized _parentWrap'.split(' '),
  ...'__onFinished _idle'.split(' '),
  ...[...PERSONAL, ...OF_TLS, ...CERTIFICATES],
]);
/** The symbols among them that a bare connection has not. */
const PLAIN_SYMBOLS: ReadonlySet<string | undefined> = new Set([
  ...[
    'alpncallback',
    'res',
    'verified',
    'pendingSession',
    'error-emitted',
    'connect-options',
    'session',
    'proxySocket',
  ],
  ...['viewcache.watchers', 'viewcache.fixed'],
]);

/** By which it is known that a property is watched already. */
const getters = new WeakSet<object>();

/** Watches what an app has put on a connection, where it stays for all requests that come over it. */
function watchAdded(socket: WatchedSocket): void {
  // What stands for the connection of a request over HTTP/2 has no properties of its own.
  if (!Object.hasOwn(socket, 'parser')) return;
  // V8 has the enumerable ones at hand, and not all.
  for (const name of Object.keys(socket)) if (!PLAIN.has(name)) watchOne(socket, name);
  for (const name of Object.getOwnPropertySymbols(socket))
    if (!PLAIN.has(name) && !PLAIN_SYMBOLS.has(name.description)) watchOne(socket, name);
}

function watchOne(socket: WatchedSocket, name: string | symbol): void {
  const { get } = Object.getOwnPropertyDescriptor(socket, name) ?? {};
  if (get !== undefined && getters.has(get)) return;
  if (!watchValue(socket, name, `req.socket.${String(name)}`)) socket[isFixed] = true;
}

/** @returns false where it cannot be watched */
function watchValue(socket: WatchedSocket, name: string | symbol, input = ADDRESS): boolean {
  let owner: object | null = socket;
  let descriptor: PropertyDescriptor | undefined;
  for (; owner !== null && descriptor === undefined; owner = Object.getPrototypeOf(owner)) {
    descriptor = Object.getOwnPropertyDescriptor(owner, name);
  }
  if (descriptor === undefined) return true;
  if (!descriptor.configurable && Object.hasOwn(socket, name)) return false;
  const { get, enumerable } = descriptor;
  let value: unknown = descriptor.value;
  const read = () => {
    for (let it = socket[watchers]; it !== undefined; it = it.before) it.watcher.note(input);
    return get === undefined ? value : get.call(socket);
  };
  getters.add(read);
  Object.defineProperty(socket, name, {
    configurable: true,
    enumerable: enumerable ?? false,
    get: read,
    // Node itself may find out more of its client.
    set: (next: unknown) => {
      value = next;
    },
  });
  return true;
}
