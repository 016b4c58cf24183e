import type { KeyvLike } from '../config/keyv-like.js';

/** A Keyv adapter without a Keyv around it: values are strings, and some of them forget nothing by themselves. */
type Adapter = KeyvLike & {
  getMany?(keys: string[]): unknown;
  /** Of Keyv 6: `expires` says that `set` takes the moment of expiry, not a length of time. */
  readonly capabilities?: { readonly expires?: unknown };
};

/** Whether this is a Keyv, of whatever version, rather than one of its adapters. */
export function isKeyv(keyv: KeyvLike): boolean {
  return 'store' in keyv && 'stats' in keyv;
}

/**
 * Stands in for a Keyv around a bare adapter or a Map.
 *
 * Writes the envelope that Keyv 5 writes, because adapters read it: the one to Memcached parses what it finds, inside a
 * socket's handler, and what is no JSON there ends the process.
 */
export function adapterAsKeyv(adapter: Adapter): KeyvLike & { getMany?(keys: string[]): Promise<unknown> } {
  const takesMoment = adapter.capabilities?.expires === true;
  const open = (key: string, stored: unknown): unknown => {
    const envelope: unknown = typeof stored === 'string' ? JSON.parse(stored) : stored;
    if (typeof envelope !== 'object' || envelope === null || !('value' in envelope)) return undefined;
    const isExpired = 'expires' in envelope && typeof envelope.expires === 'number' && Date.now() > envelope.expires;
    // Only where reading and deleting are one step: elsewhere somebody may have stored anew in between.
    if (isExpired && adapter instanceof Map) adapter.delete(key);
    return isExpired ? undefined : envelope.value;
  };
  return {
    get: async (key) => open(key, await adapter.get(key)),
    set: async (key, value, ttl = 0) => {
      const expires = Date.now() + ttl;
      return (await adapter.set(key, JSON.stringify({ value, expires }), takesMoment ? expires : ttl)) !== false;
    },
    delete: (key) => adapter.delete(key),
    ...(typeof adapter.getMany === 'function' && {
      getMany: async (keys: string[]) => {
        const stored = await adapter.getMany?.(keys);
        return Array.isArray(stored) ? stored.map((value, i) => open(keys[i] ?? '', value)) : undefined;
      },
    }),
  };
}
