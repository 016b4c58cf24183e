import { Server } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { ConfigError } from '../base/errors.js';
import { factsOf, knownServers } from '../node/known-servers.js';
import type { WarmServer } from './warm-types.js';

/**
 * The server that answers: the one that was given, or one of the only app that is known to listen.
 *
 * @param origin - of several servers of that app it says which
 * @throws {@link ConfigError} where there is none, or there are several apps, or something else was given
 */
export function findServer(setting: string, given: unknown, origin: string): WarmServer {
  if (given === undefined) {
    const known = knownServer(origin);
    if (typeof known === 'object') return known;
    const allowed = 'the server to ask, as createServer(app) or app.listen() returns it';
    throw new ConfigError(setting, undefined, allowed, '{ server }', `says nothing, and ${known}`);
  }
  if (typeof given === 'function') return given as WarmServer;
  // Those of node:http, node:https and node:http2 alike.
  if (!(given instanceof Server))
    throw new ConfigError(setting, given, 'a server of node:http, node:https or node:http2, or an app of Express');
  if (given.listenerCount('request') === 0)
    throw new ConfigError(setting, given, 'one with a listener', undefined, 'has nobody who listens to its requests');
  return given as WarmServer;
}

/** The same where nothing was given; where there is none, why not. */
export function knownServer(origin: string): Exclude<WarmServer, (...args: never) => unknown> | string {
  const known = [...knownServers()] as Exclude<WarmServer, (...args: never) => unknown>[];
  const apps = new Set(known.map((server) => factsOf(server).app ?? server));
  const [first] = known;
  if (first === undefined) return 'no server of createServer() or of a Nest app is listening';
  if (apps.size > 1) return `servers of ${apps.size} apps are listening`;
  const isSecure = origin.startsWith('https:');
  return known.find((server) => server instanceof TlsServer === isSecure) ?? first;
}
