import type { Clock } from '../../ports/clock.js';
import { type ConnectionParts, RedisConnection } from './connection.js';
import type { RedisClient } from './library.js';
import type { RedisServers } from './servers.js';
import { ProtocolVersion } from './version.js';

/** Makes a client, not connected yet, to where the primary is now. */
export type OpenPrimary = (version: ProtocolVersion['value']) => Promise<RedisClient>;

/** Connections to a primary that has everything: a single server, or the one that sentinels name. */
export function onePrimary(open: OpenPrimary, clock: Clock, onFailure: (cause: Error) => void): RedisServers {
  const primary = connect(open, clock, onFailure);
  return {
    primary,
    settle: (atMostMs, isPatient) => primary.settle(atMostMs, isPatient),
    connect: (prepare, version) => connect(open, clock, onFailure, prepare, version),
    close: () => primary.close(),
  };
}

/** Keeps a connection to whatever is opened. */
export function connect(
  open: OpenPrimary,
  clock: Clock,
  onFailure: (cause: Error) => void,
  prepare?: ConnectionParts['prepare'],
  version: ProtocolVersion = new ProtocolVersion(2),
  isCluster = false,
): RedisConnection {
  return new RedisConnection({
    clock,
    open: () => open(version.value),
    onFailure,
    isCluster,
    isMended: (cause) => version.lower(cause),
    ...(prepare !== undefined && { prepare }),
  });
}
