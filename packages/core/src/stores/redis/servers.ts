import type { ConnectionParts, RedisConnection } from './connection.js';
import type { Words } from './library.js';
import type { ProtocolVersion } from './version.js';

/** The servers of one target, as far as the protocol needs to tell them apart. */
export interface RedisServers {
  /** To the primary that has the sequence, the tags and the leases, and the responses where they are not spread. */
  readonly primary: RedisConnection;
  /** Of a cluster: asks the primary that has a key. */
  readonly spread?: { send(key: string, words: Words): Promise<unknown> } | undefined;
  /** {@link RedisConnection.settle} of the primary, and of whatever else is needed to read and write values. */
  settle(atMostMs: number, isPatient: boolean): Promise<unknown> | undefined;
  /** Another connection to the same primary: one that subscribes can do little else. */
  connect(prepare: ConnectionParts['prepare'], version: ProtocolVersion): RedisConnection;
  close(): void;
}
