import type { Server } from 'node:net';

/** What is known of a server that it does not say itself. */
export interface ServerFacts {
  /** What answers its requests: several servers may be of one app. */
  readonly app?: object | undefined;
  /** Whether its app believes nobody who says by which scheme and host a visitor came, where its requests do not tell. */
  readonly trustsNoProxy?: (() => boolean) | undefined;
}

// Two copies of the package in one process agree.
const slot = Symbol.for('viewcache.servers');
const factsSlot = Symbol.for('viewcache.server-facts');
const shared = globalThis as { [slot]?: Set<Server> };

shared[slot] ??= new Set();
const listening = shared[slot];

/** Lets {@link knownServers} find a server whenever it listens. */
export function knowServer(server: Server, facts: ServerFacts = {}): void {
  Object.defineProperty(server, factsSlot, { configurable: true, value: facts });
  if (server.listening) listening.add(server);
  server.on('listening', () => listening.add(server));
  server.on('close', () => listening.delete(server));
}

/** What {@link knowServer} was told. */
export function factsOf(server: object): ServerFacts {
  return (server as { [factsSlot]?: ServerFacts })[factsSlot] ?? {};
}

/** The servers of this process that are known to serve apps, as far as they listen. */
export function knownServers(): ReadonlySet<Server> {
  return listening;
}
