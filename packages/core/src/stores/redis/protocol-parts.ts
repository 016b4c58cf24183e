import type { Bus } from '../../ports/bus.js';
import type { Leases } from '../../ports/leases.js';
import type { RedisAsker } from './asker.js';
import type { RedisInvalidator } from './invalidator.js';
import type { RedisKeys } from './keys.js';
import type { RedisServers } from './servers.js';

/** What the protocol stands on. */
export interface ProtocolParts {
  readonly name: string;
  readonly servers: RedisServers;
  readonly asker: RedisAsker;
  readonly keys: RedisKeys;
  readonly invalidator: RedisInvalidator;
  readonly bus: Bus;
  /** Tells this process what it has invalidated itself, later than it counted on. */
  hear(tags: readonly string[]): void;
  readonly leases: Leases;
  /** How long a connection that is being made again is waited for, and the first one by who only reads. */
  readonly waitMs: number;
  close(): Promise<void>;
}
