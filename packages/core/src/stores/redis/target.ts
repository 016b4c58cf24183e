import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { ConfigError } from '../../base/errors.js';
import type { ClientOptions } from './library.js';

/** What a server asks for before it answers. */
export interface RedisAccess {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** `true`, or what `tls.connect` takes. */
  readonly tls?: boolean | TlsOptions | undefined;
}

/**
 * Where Redis or Valkey is. Addresses are URLs, `redis://user:password@host:port/2`; `rediss:` is TLS; `valkey:` and
 * `valkeys:` say the same. What stands beside a URL goes before what stands in it.
 */
export type RedisTarget =
  | (RedisAccess & { readonly form: 'single'; readonly url: string; readonly database?: number | undefined })
  /** Some of the nodes; the others are found. */
  | (RedisAccess & { readonly form: 'cluster'; readonly nodes: readonly string[] })
  /** The sentinels, and what they call the primary. The credentials are those of the primary. */
  | (RedisAccess & {
      readonly form: 'sentinel';
      readonly name: string;
      readonly nodes: readonly string[];
      readonly database?: number | undefined;
      /** What the sentinels themselves ask for. */
      readonly sentinel?: RedisAccess | undefined;
    })
  /** A client or cluster of node-redis, a KeyvRedis, or a Keyv that has one. It is not used up: connections are our own. */
  | { readonly form: 'given'; readonly client: unknown };

const SCHEMES = new Map([
  ['redis:', false],
  ['valkey:', false],
  ['rediss:', true],
  ['valkeys:', true],
]);

/**
 * Reads the address of one server.
 *
 * @throws {@link ConfigError} that shows no credentials
 */
export function readAddress(
  url: string,
  access: RedisAccess & { readonly database?: number | undefined },
): ClientOptions {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isSecure = SCHEMES.get(parsed?.protocol ?? '');
  const path = parsed?.pathname.replace(/^\//, '') ?? '';
  if (parsed === undefined || isSecure === undefined || !/^\d*$/.test(path)) {
    throw new ConfigError('store', url.replace(/\/\/.*@/, '//***@'), 'an address like redis://host:6379/0');
  }
  const { tls = isSecure, username = decodeURIComponent(parsed.username), database = Number(path) } = access;
  const password = access.password ?? decodeURIComponent(parsed.password);
  return {
    ...(username !== '' && { username }),
    ...(password !== '' && { password }),
    ...(database > 0 && { database }),
    socket: {
      host: parsed.hostname.replace(/^\[|\]$/g, '') || 'localhost',
      port: Number(parsed.port || 6379),
      ...(tls !== false && { ...(typeof tls === 'object' ? tls : {}), tls: true }),
    },
  };
}
