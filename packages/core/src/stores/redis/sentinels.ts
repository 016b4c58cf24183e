import type { Clock } from '../../ports/clock.js';
import type { ClientOptions, RedisClient, RedisLibrary } from './library.js';
import type { OpenPrimary } from './one-primary.js';
import { ownOptions } from './own-options.js';

/** How long one sentinel may take to answer, so that a second one is asked within the same attempt. */
const SENTINEL_MS = 300;

/**
 * Asks sentinels where the primary is, each time a connection is to be made.
 *
 * The first that answers is asked first the next time. What it says may be old: whether the server is a primary is asked
 * of the server itself.
 */
export function bySentinels(
  library: () => Promise<RedisLibrary>,
  name: string,
  sentinels: readonly ClientOptions[],
  primary: ClientOptions,
  clock: Clock,
): OpenPrimary {
  const order = [...sentinels];
  return async (version) => {
    const { createClient } = await library();
    for (let i = 0; i < sentinels.length; i++) {
      const sentinel = order[0] ?? {};
      try {
        const [host, port] = await ask(createClient(ownOptions(sentinel, undefined)), name, clock);
        return createClient(ownOptions({ ...primary, socket: { ...primary.socket, host, port } }, version));
      } catch (error) {
        order.push(...order.splice(0, 1));
        if (i === sentinels.length - 1) throw error;
      }
    }
    throw new Error('no sentinel is named');
  };
}

async function ask(client: RedisClient, name: string, clock: Clock): Promise<[string, number]> {
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const timer = clock.after(SENTINEL_MS, () => fail(new Error(`no sentinel answered within ${SENTINEL_MS} ms`)));
  client.on('error', (error: Error) => fail(error));
  try {
    await Promise.race([client.connect(), failed]);
    const reply = await Promise.race([client.sendCommand(['SENTINEL', 'get-master-addr-by-name', name]), failed]);
    if (!Array.isArray(reply) || reply.length !== 2) throw new Error(`the sentinels know no primary called ${name}`);
    return [String(reply[0]), Number(reply[1])];
  } finally {
    timer.cancel();
    try {
      client.destroy();
    } catch {
      // It was closed already.
    }
  }
}
