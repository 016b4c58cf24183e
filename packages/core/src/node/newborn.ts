import { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { SwallowingSocket } from './swallowing-socket.js';

type Owner = Record<PropertyKey, unknown>;

/** Everything that Node's own responses answer to: what middleware has put over one of these belonged to the visitor's answer. */
export const NODE_NAMES: ReadonlySet<PropertyKey> = namesOf(ServerResponse.prototype);

/** The state of a request as a stream; what the visitor's answer has left of it is closed for good. */
const STREAM_STATE = [
  ...['_readableState', '_events', '_eventsCount', '_maxListeners', 'aborted', '_consumed', '_dumped'],
];

/**
 * Makes of an answered response one that has just been born, for the same handler to answer once more, into nothing.
 *
 * All state of a response is in own properties; the object, and with it everything that middleware in front has put on
 * it (`locals`, `app`), stays what it was. From here on the visitor's socket is out of the handler's reach.
 *
 * @param res - answered, and closed
 */
export function makeNewborn(req: IncomingMessage, res: ServerResponse): void {
  const socket = new SwallowingSocket(req.socket);
  const newborn = new ServerResponse(req);
  const own = res as unknown as Owner;
  const state = newborn as unknown as Owner;
  for (const name of Reflect.ownKeys(own)) if (NODE_NAMES.has(name) && !Object.hasOwn(state, name)) delete own[name];
  for (const name of Reflect.ownKeys(state)) own[name] = state[name];
  reopen(req, socket);
  forgetListeners(req, res);
  // The connection is not the client's to keep.
  res.shouldKeepAlive = false;
  assignSwallowing(res, socket);
}

/**
 * Whether this Node keeps the state of a response where {@link makeNewborn} looks for it; found out once, on a response of
 * our own. Where it does not, whoever refreshes does it in front of a visitor.
 */
export function canBeReborn(): boolean {
  works ??= probe();
  return works;
}

let works: boolean | undefined;

function probe(): boolean {
  try {
    const req = new IncomingMessage(asSocket(new SwallowingSocket()));
    const res = new ServerResponse(req);
    res.setHeader('a', '1');
    res.end('x');
    makeNewborn(req, res);
    if (res.headersSent || res.writableEnded || res.destroyed || res.hasHeader('a')) return false;
    res.setHeader('b', '2');
    res.end('y');
    return res.headersSent && res.writableEnded && res.hasHeader('b');
  } catch {
    return false;
  }
}

/** The request has been read to its end, and may be found so once more. */
function reopen(req: IncomingMessage, socket: SwallowingSocket): void {
  const own = req as unknown as Owner;
  const fresh = new IncomingMessage(asSocket(socket)) as unknown as Owner;
  for (const name of STREAM_STATE) if (name in fresh) own[name] = fresh[name];
  req.socket = asSocket(socket);
  // Its other name, of which Node's types know nothing.
  own['client'] = socket;
  req.complete = true;
  req.push(null);
}

/** Where `on-finished` keeps whom it has to tell: they were told. */
function forgetListeners(...messages: object[]): void {
  for (const message of messages) if ('__onFinished' in message) message.__onFinished = undefined;
}

/** Gives a response a socket. Without a server there is nobody to close a response that has ended: this does. */
export function assignSwallowing(res: ServerResponse, socket: SwallowingSocket): void {
  res.assignSocket(asSocket(socket));
  res.on('finish', () => {
    res.detachSocket(asSocket(socket));
    process.nextTick(() => {
      close(res as ServerResponse & { _closed?: boolean });
      socket.destroy();
    });
  });
}

/** What Node's server does when a response has been sent. */
function close(res: ServerResponse & { _closed?: boolean }): void {
  if (res._closed === true) return;
  res.destroyed = true;
  res._closed = true;
  res.emit('close');
}

/** It has what Node's HTTP asks of a socket. */
function asSocket(socket: SwallowingSocket): Socket {
  return socket as unknown as Socket;
}

function namesOf(prototype: object): ReadonlySet<PropertyKey> {
  const names = new Set<PropertyKey>();
  for (let owner: object | null = prototype; owner !== null && owner !== Object.prototype; ) {
    for (const name of Reflect.ownKeys(owner)) names.add(name);
    owner = Object.getPrototypeOf(owner);
  }
  return names;
}
