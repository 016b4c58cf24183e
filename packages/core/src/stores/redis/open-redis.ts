import { randomBytes } from 'node:crypto';
import { ConfigError } from '../../base/errors.js';
import { StoreFailedError } from '../../base/store-errors.js';
import { RedisBus } from '../../buses/redis-bus.js';
import { HeldLeases } from '../../locks/held-leases.js';
import { RedisLeases } from '../../locks/redis-leases.js';
import type { Clock } from '../../ports/clock.js';
import { within } from '../../values/within.js';
import { Guard } from '../guard.js';
import { RedisAsker } from './asker.js';
import { clusterServers } from './cluster.js';
import { findRedis, optionsOf } from './given.js';
import { RedisInvalidator } from './invalidator.js';
import { RedisKeys } from './keys.js';
import { type ClientOptions, loadRedisLibrary, type RedisLibrary } from './library.js';
import { type OpenPrimary, onePrimary } from './one-primary.js';
import { ownOptions } from './own-options.js';
import { RedisProtocol, type RedisStore } from './redis-protocol.js';
import { bySentinels } from './sentinels.js';
import type { RedisServers } from './servers.js';
import { type RedisTarget, readAddress } from './target.js';

/** What every shared store is opened with. */
export interface SharedParts {
  /** Every process that shares the store names the same. */
  readonly namespace: string;
  readonly clock: Clock;
  /** What the cache dates by what it knows, where that is another one. */
  readonly cacheClock?: Clock;
  /** Longest time one operation may take. */
  readonly deadlineMs: number;
  readonly l1MaxLagMs: number;
  /** Hears what went wrong: of an outage once, of operations each time. Never carries a credential. */
  readonly onFailure: (error: Error) => void;
}

/**
 * Opens Redis or Valkey as a store that keeps invalidation exact.
 *
 * Returns at once and connects in the background, and again after each loss. While there is no connection every operation
 * fails at once, so that handlers answer; who writes a value can wait for it. Connections are our own, also where a client is given: that one is asked how it
 * was made, and is neither used nor closed.
 *
 * @param library - for tests: which `@keyv/redis`
 * @throws {@link ConfigError} for an address that is none, or a client that is none of node-redis
 */
export function openRedis(
  target: RedisTarget,
  parts: SharedParts,
  library: () => Promise<RedisLibrary> = loadRedisLibrary,
): RedisStore {
  const { namespace, clock, cacheClock = clock, deadlineMs, l1MaxLagMs, onFailure } = parts;
  const name = 'redis';
  // A breaker keeps requests from waiting for a server that hangs. That it is back, the connection knows sooner.
  const guard = new Guard(name, { clock, deadlineMs, onFailure, breaker: { maxOpenMs: 500 } });
  const keys = new RedisKeys(namespace);
  // Called when an attempt has failed, which takes a while: there is an asker by then.
  const connecting = (cause: Error): void => asker.tell(new StoreFailedError(name, 'connect', cause));
  const servers = serversOf(target, keys, clock, connecting, library);
  const asker = new RedisAsker(servers, guard, onFailure);
  const origin = randomBytes(9).toString('base64url');
  const bus = new RedisBus({ servers, keys, clock: cacheClock, origin, lagMs: l1MaxLagMs });
  const leases = new HeldLeases(new RedisLeases(asker, keys));
  return new RedisProtocol({
    name,
    servers,
    asker,
    keys,
    invalidator: new RedisInvalidator({ servers, asker, keys, waitMs: deadlineMs, origin }),
    bus,
    hear: (tags) => bus.tell(tags),
    leases,
    waitMs: deadlineMs,
    close: async () => {
      await within(leases.close(), deadlineMs, clock);
      bus.close();
      await asker.close();
    },
  });
}

function serversOf(
  target: RedisTarget,
  keys: RedisKeys,
  clock: Clock,
  onFailure: (cause: Error) => void,
  library: () => Promise<RedisLibrary>,
): RedisServers {
  const alike =
    (options: ClientOptions): OpenPrimary =>
    async (version) =>
      (await library()).createClient(ownOptions(options, version));
  switch (target.form) {
    case 'single':
      return onePrimary(alike(readAddress(target.url, target)), clock, onFailure);
    case 'sentinel': {
      const sentinels = target.nodes.map((url) => readAddress(url, target.sentinel ?? {}));
      const { username, password, database } = target;
      const tls = target.tls === undefined || target.tls === false ? {} : readAddress('rediss://h', target).socket;
      const primary = { username, password, database, socket: tls };
      return onePrimary(bySentinels(library, target.name, sentinels, primary, clock), clock, onFailure);
    }
    case 'cluster': {
      const roots = target.nodes.map((url) => readAddress(url, target));
      const [{ socket: { host: _, port: __, ...socket } = {}, ...access } = {}] = roots;
      const options = { roots, defaults: { ...access, socket }, reach: () => undefined };
      return clusterServers(library, options, keys, clock, onFailure);
    }
    case 'given': {
      const found = findRedis(target.client);
      if (found === undefined)
        throw new ConfigError('store', target.client, 'a client or cluster of node-redis 5 or newer');
      if (found.kind === 'cluster') return clusterServers(library, optionsOf(found.cluster), keys, clock, onFailure);
      const { client } = found;
      const open: OpenPrimary = async (version) => client.duplicate(ownOptions(client.options ?? {}, version));
      return onePrimary(open, clock, onFailure);
    }
  }
}
