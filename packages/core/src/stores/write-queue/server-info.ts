/** Before it BullMQ says that it had rather another one, or refuses it. */
const OLDEST = 6.2;
/** What BullMQ can read as one: it never comes to an end of its start with another. */
const VERSION = /^\d{1,5}(?:\.\d{1,5}){0,2}(?!\d)/;

/**
 * The line of `INFO` by which BullMQ knows what a server can do, where it is one that it has nothing to say about. Those that are like
 * Redis say which version of it they are, too.
 *
 * @param info - the answer to `INFO`, where there is one
 */
export function versionOf(info: string | undefined): string | undefined {
  const version = info && VERSION.exec(field(info, 'redis_version') ?? '')?.[0];
  return version && Number.parseFloat(version) >= OLDEST ? `redis_version:${version}` : undefined;
}

/** The `maxmemory-policy` of a server that may come to evict what it holds. */
export function evictionOf(info: string | undefined): string | undefined {
  const policy = info && field(info, 'maxmemory_policy');
  return policy && policy !== 'noeviction' && field(info, 'maxmemory') !== '0' ? policy : undefined;
}

function field(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:([^\\r\\n]*)`, 'm').exec(info)?.[1];
}
