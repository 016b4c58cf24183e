import { once } from 'node:events';
import { Server } from 'node:http';
import { Server as SecureServer } from 'node:https';
import { ConfigError } from '../base/errors.js';
import { knownServers } from '../node/known-servers.js';
import { type Asked, syntheticPair } from './synthetic-request.js';
import type { WarmServer } from './warm-types.js';

/** One request that is under way. */
export interface Attempt {
  /** Its status; rejects where there was none. */
  readonly answered: Promise<number>;
  hangUp(): void;
}

/** Asks a server of this process, through all of the app's middleware and past the network. */
export function askServer(server: WarmServer, asked: Asked): Attempt {
  const { req, res, hangUp } = syntheticPair(server, asked);
  const answer = async (): Promise<number> => {
    const closed = once(res, 'close');
    // What an app throws at once, or by a promise, Node's server would pass on as well.
    const returned: unknown = typeof server === 'function' ? server(req, res) : server.emit('request', req, res);
    await Promise.race([closed, rejectionOf(returned)]);
    if (!res.writableFinished) throw new Error('the connection was closed before there was an answer');
    return res.statusCode;
  };
  return { answered: answer(), hangUp };
}

/** Settles only where something was rejected. */
function rejectionOf(returned: unknown): Promise<never> {
  return new Promise((_, reject) => {
    Promise.resolve(returned).catch(reject);
  });
}

/**
 * The server that answers: the one that was given, or the only one that is known to listen.
 *
 * @throws {@link ConfigError} where there is none, or several, or something else was given
 */
export function findServer(setting: string, given: unknown): WarmServer {
  if (given === undefined) return onlyServer(setting);
  if (typeof given === 'function') return given as WarmServer;
  if (!(given instanceof Server || given instanceof SecureServer))
    throw new ConfigError(setting, given, 'a server of node:http or node:https, or an app of Express');
  if (given.listenerCount('request') === 0)
    throw new ConfigError(setting, given, 'one with a listener', undefined, 'has nobody who listens to its requests');
  return given;
}

function onlyServer(setting: string): WarmServer {
  const known = [...knownServers()];
  const [only] = known;
  if (only !== undefined && known.length === 1) return only;
  throw new ConfigError(
    setting,
    undefined,
    'the server to ask, as createServer(app) or app.listen() returns it',
    '{ server }',
    known.length === 0
      ? 'says nothing, and no server of createServer() or of a Nest app is listening'
      : `says nothing, and ${known.length} servers are listening`,
  );
}
