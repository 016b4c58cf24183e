import type { KeyvLike } from './keyv-like.js';

/** What a TLS connection may be told, in the words of `node:tls`. */
export interface TlsSettings {
  /** Certificates to trust instead of the well-known ones, PEM. */
  readonly ca?: string | Buffer | (string | Buffer)[] | undefined;
  /** A certificate to show, PEM. */
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  readonly pfx?: string | Buffer | undefined;
  readonly passphrase?: string | undefined;
  /** The name that the server's certificate has to carry, where it is not the host's. */
  readonly servername?: string | undefined;
  /** `false` takes any certificate: for tests alone. */
  readonly rejectUnauthorized?: boolean | undefined;
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
  readonly ciphers?: string | undefined;
}

/** One server by address. */
export interface ServerAddress {
  /** A name or an IP address; an IPv6 address without its brackets. */
  readonly host: string;
  readonly port: number;
}

/** Who logs in, and how the way there is encrypted. */
export interface Login {
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** `undefined` for a plain connection; `{}` for TLS as Node does it by itself. */
  readonly tls: TlsSettings | undefined;
}

/** Which Redis or Valkey a cache stands on. Its URLs carry credentials: they are for a driver, never for a message. */
export type RedisTarget =
  | ({ readonly form: 'single'; readonly url: string; readonly database: number } & Login)
  | ({
      readonly form: 'cluster';
      /** Some of the nodes, as URLs without credentials. */
      readonly nodes: readonly string[];
    } & Login)
  | ({
      readonly form: 'sentinel';
      /** What the sentinels call the primary. */
      readonly name: string;
      /** The sentinels, as URLs without credentials. */
      readonly nodes: readonly string[];
      readonly database: number;
      /** Who logs in to the sentinels themselves. */
      readonly sentinel: Login;
    } & Login)
  /** A client or cluster of node-redis, or a Keyv or adapter that has one; its owner closes it. */
  | { readonly form: 'given'; readonly client: object };

/** Which Memcached servers a cache stands on. The list is fixed: a server that is away is a miss. */
export interface MemcachedTarget extends Login {
  readonly servers: readonly (ServerAddress & {
    /** Its part of the keys, against that of the others: a whole number from 1 up. */
    readonly weight: number;
  })[];
}

/** Where a cache stores, read. */
export type StoreSettings =
  | { readonly kind: 'memory' | 'off' | 'null' }
  | { readonly kind: 'keyv'; readonly keyv: KeyvLike }
  | {
      readonly kind: 'redis';
      readonly target: RedisTarget;
    }
  | { readonly kind: 'memcached'; readonly target: MemcachedTarget };
