import type { Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';

// Two copies of the package in one process agree.
const slot = Symbol.for('viewcache.servers');
const shared = globalThis as { [slot]?: Set<Server | SecureServer> };

shared[slot] ??= new Set();
const listening = shared[slot];

/** Lets {@link knownServers} find a server whenever it listens. */
export function knowServer(server: Server | SecureServer): void {
  if (server.listening) listening.add(server);
  server.on('listening', () => listening.add(server));
  server.on('close', () => listening.delete(server));
}

/** The servers of this process that are known to serve apps, as far as they listen. */
export function knownServers(): ReadonlySet<Server | SecureServer> {
  return listening;
}
