import { once } from 'node:events';
import { type Asked, syntheticPair } from './synthetic-request.js';
import { whyMissed } from './visitor-key.js';
import type { WarmServer } from './warm-types.js';

/** One request that is under way. */
export interface Attempt {
  /** Its status; rejects where there was none. */
  readonly answered: Promise<number>;
  hangUp(): void;
  /** Why visitors do not find what is stored by this key; of calls nobody else asks. */
  whyMissed?(key: string): string | undefined;
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
  return { answered: answer(), hangUp, whyMissed: (key) => whyMissed(key, asked.origin, server, req) };
}

/** Settles only where something was rejected. */
function rejectionOf(returned: unknown): Promise<never> {
  return new Promise((_, reject) => {
    Promise.resolve(returned).catch(reject);
  });
}
