/** The parts of `@keyv/memcache` that matter here. */
interface MemcacheAdapter {
  readonly client: { readonly servers: readonly unknown[] };
  readonly opts: { deserialize?: (value: Uint8Array) => unknown };
}

/**
 * Keeps a Keyv adapter to Memcached from ending the process.
 *
 * `@keyv/memcache` (2.0.2) parses a value inside a handler of the socket. What is no JSON throws there: nobody can catch
 * it, and where something does, the connection answers nothing any more. It takes a parser as an option; it is given the
 * one it has, except that this one has what it cannot read as missing.
 *
 * @param keyv - a Keyv of any version, or its adapter; others are left as they are
 */
export function calmMemcache(keyv: object): void {
  for (
    let it: unknown = keyv, depth = 0;
    depth < 3 && isObject(it);
    it = 'store' in it ? it.store : undefined, depth++
  ) {
    if (isMemcache(it)) it.opts.deserialize ??= parse;
  }
}

function isMemcache(it: object): it is MemcacheAdapter {
  return (
    'client' in it &&
    isObject(it.client) &&
    'servers' in it.client &&
    Array.isArray(it.client.servers) &&
    'getServer' in it.client &&
    'opts' in it &&
    isObject(it.opts)
  );
}

function isObject(it: unknown): it is object {
  return typeof it === 'object' && it !== null;
}

/** As `@keyv/serialize` 1 writes: a string that begins with a colon has one more, and bytes are base64. */
function parse(value: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(value).toString(), (_, it: unknown) => {
      if (typeof it !== 'string' || !it.startsWith(':')) return it;
      return it.startsWith(':base64:') ? Buffer.from(it.slice(8), 'base64') : it.slice(1);
    });
  } catch {
    return { value: undefined, expires: 0 };
  }
}
