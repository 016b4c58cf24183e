import { ConfigError } from '../../base/errors.js';
import type { ClusterOptions } from './cluster.js';
import type { ClientOptions, RedisClient, RedisCluster } from './library.js';
import { readAddress } from './target.js';

/** What was found in what a user handed in. */
export type GivenRedis =
  | { readonly kind: 'client'; readonly client: RedisClient }
  | { readonly kind: 'cluster'; readonly cluster: RedisCluster };

/**
 * Finds the node-redis client in a Keyv, in a KeyvRedis, or in the value itself.
 *
 * @returns `undefined` where there is none: some other Keyv, or something else altogether
 * @throws {@link ConfigError} for a client whose settings cannot be read
 */
export function findRedis(given: unknown): GivenRedis | undefined {
  for (const candidate of [given, ...insideOf(given)]) {
    if (!hasMethods(candidate, ['sendCommand', 'connect', 'on'])) continue;
    if ('sentinel' in candidate || hasMethods(candidate, ['getMasterNode']) || hasMethods(candidate, ['acquire'])) {
      throw new ConfigError(
        'store',
        given,
        "'redis+sentinel:' with the sentinels' addresses: their client does not tell",
      );
    }
    if (!hasMethods(candidate, ['duplicate'])) continue;
    calm(candidate as unknown as RedisClient);
    if ('slots' in candidate) return { kind: 'cluster', cluster: candidate as unknown as RedisCluster };
    return { kind: 'client', client: candidate as unknown as RedisClient };
  }
  return undefined;
}

const calmed = new WeakSet<RedisClient>();

/** Without a listener an error of theirs would end the process. One is enough, however many caches stand on the client. */
function calm(client: RedisClient): void {
  if (calmed.has(client)) return;
  calmed.add(client);
  client.on('error', () => {});
}

/** How the connections of a cluster client are made. */
export function optionsOf(cluster: RedisCluster): ClusterOptions {
  const { rootNodes = [], defaults = {}, nodeAddressMap } = cluster._options ?? {};
  return {
    roots: rootNodes.map(withoutUrl),
    defaults: withoutUrl(defaults),
    reach: (address) => (typeof nodeAddressMap === 'function' ? nodeAddressMap(address) : nodeAddressMap?.[address]),
  };
}

/** Node-redis would take host and port from the URL again, for every node. */
function withoutUrl({ url, ...options }: ClientOptions): ClientOptions {
  if (typeof url !== 'string') return options;
  const read = readAddress(url, {});
  return { ...options, ...read, socket: { ...options.socket, ...read.socket } };
}

/** A Keyv has an adapter, perhaps inside another; an adapter has a client. */
function insideOf(given: unknown): unknown[] {
  const store = fieldOf(given, 'store');
  const adapter = fieldOf(store, 'store') ?? store ?? given;
  return [fieldOf(adapter, 'client')];
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function hasMethods(value: unknown, names: readonly string[]): value is object {
  return names.every((name) => typeof fieldOf(value, name) === 'function');
}
