/** A Keyv instance or a Keyv adapter, by shape, so that no version of Keyv is named in our types. */
export interface KeyvLike {
  get(key: string): unknown;
  set(key: string, value: unknown, ttl?: number): unknown;
  delete(key: string): unknown;
}

/** Whether something has what is used of a Keyv. */
export function isKeyvLike(store: unknown): store is KeyvLike {
  return hasMethods(store, ['get', 'set', 'delete']);
}

/** A node-redis client (also a cluster's, or a sentinel's), by shape. */
export interface RedisClientLike {
  connect(): unknown;
  close(): unknown;
  sendCommand(...args: never[]): unknown;
}

/** Whether something is a client of node-redis, of whatever version from 5 on, rather than of another library. */
export function isRedisClient(value: unknown): value is RedisClientLike {
  return hasMethods(value, ['connect', 'close', 'destroy', 'sendCommand', 'duplicate']) && 'isOpen' in value;
}

/** Whether something is a client of ioredis or iovalkey. */
export function isIoredisClient(value: unknown): boolean {
  return hasMethods(value, ['connect', 'disconnect', 'sendCommand']) && 'status' in value && !('isOpen' in value);
}

/**
 * The node-redis client that a Keyv, or one of its adapters, stands on.
 *
 * Keyv 6 puts a bridge between itself and the adapters of Keyv 5: `keyv.store.store` is the adapter then.
 */
export function redisClientOf(keyv: KeyvLike): RedisClientLike | undefined {
  let adapter: unknown = keyv;
  for (let depth = 0; depth < 3; depth++) {
    const client = property(adapter, 'client');
    if (isRedisClient(client)) return client;
    adapter = property(adapter, 'store');
  }
  return undefined;
}

function hasMethods(value: unknown, names: readonly string[]): value is object {
  return (
    typeof value === 'object' && value !== null && names.every((name) => typeof property(value, name) === 'function')
  );
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
