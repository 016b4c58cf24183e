/**
 * What `INFO` says of its version, and nothing else: of the rest BullMQ makes lines on the console, one for each connection.
 *
 * @param info - the answer to `INFO`, where there is one
 */
export function versionOf(info: string | undefined): string | undefined {
  return info?.match(VERSIONS)?.join('\n');
}

/** Redis, and those that are like it: Valkey and Dragonfly say which version of Redis they are as well. */
const VERSIONS = /^(?:redis|valkey|dragonfly)_version:[^\r\n]*/gm;

/** The `maxmemory-policy` of a server that may come to evict what it holds. */
export function evictionOf(info: string | undefined): string | undefined {
  const policy = info && field(info, 'maxmemory_policy');
  return policy && policy !== 'noeviction' && field(info, 'maxmemory') !== '0' ? policy : undefined;
}

function field(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:([^\\r\\n]*)`, 'm').exec(info)?.[1];
}
