import { ConfigError } from '../../base/errors.js';

/** What goes to the server: text as UTF-8, bytes as they are. */
export type Words = readonly (string | Buffer)[];

/** How a connection is made, in the words of node-redis. */
export interface ClientOptions {
  readonly RESP?: 2 | 3 | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly database?: number | undefined;
  readonly socket?: Readonly<Record<string, unknown>> | undefined;
  readonly [more: string]: unknown;
}

/** One connection of node-redis 5 or 6: as much of it as is used here. */
export interface RedisClient {
  readonly options?: ClientOptions | undefined;
  on(event: string, listener: (...values: never[]) => void): unknown;
  connect(): Promise<unknown>;
  destroy(): void;
  /** From now on its connections keep no process alive. */
  unref(): void;
  duplicate(overrides: ClientOptions): RedisClient;
  /** What the server says of itself. */
  info(): Promise<string>;
  sendCommand(words: Words, options?: { readonly typeMapping?: Readonly<Record<number, unknown>> }): Promise<unknown>;
  subscribe(channel: string, listener: (message: Buffer) => void, bytes: true): Promise<unknown>;
  sSubscribe(channel: string, listener: (message: Buffer) => void, bytes: true): Promise<unknown>;
}

/** A cluster client of node-redis: what of it tells how connections to the nodes are made. */
export interface RedisCluster {
  /** Undocumented: what it was made with. */
  readonly _options?: {
    readonly rootNodes?: readonly ClientOptions[];
    readonly defaults?: ClientOptions;
    readonly nodeAddressMap?: Readonly<Record<string, NodeAddress>> | ((address: string) => NodeAddress | undefined);
  };
}

/** Where a node of a cluster can be reached. */
interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

/** `@keyv/redis`, which brings node-redis with it. */
export interface RedisLibrary {
  createClient(options: ClientOptions): RedisClient;
}

/** A bulk string of the protocol (`$`) by its number in node-redis: read as bytes. */
export const BYTES = { typeMapping: { 36: Buffer } } as const;

/** Imports `@keyv/redis`, of whatever version there is. */
export async function loadRedisLibrary(): Promise<RedisLibrary> {
  let library: unknown;
  try {
    library = await import('@keyv/redis');
  } catch (cause) {
    throw new ConfigError(
      'store',
      'redis:',
      `it with @keyv/redis installed: npm install @keyv/redis (${(cause as Error).message})`,
    );
  }
  return library as RedisLibrary;
}
