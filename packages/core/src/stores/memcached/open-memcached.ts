import { createHash } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import { HeldLeases } from '../../locks/held-leases.js';
import { MemcachedLeases } from '../../locks/memcached-leases.js';
import type { Clock } from '../../ports/clock.js';
import type { Leases } from '../../ports/leases.js';
import type { Patience, TaggedStore } from '../../ports/tagged-store.js';
import { within } from '../../values/within.js';
import type { GuardOptions } from '../guard.js';
import { NonceProtocol } from '../nonce-protocol.js';
import { MemcachedLedger } from './memcached-ledger.js';
import { MemcachedServers } from './memcached-servers.js';
import type { Seat } from './ring.js';

/** Which servers, and how they are spoken to. */
export interface MemcachedSettings {
  /** Every process names the same ones with the same weights; in another order if it likes. */
  readonly servers: readonly Seat[];
  /** For servers that were started with an authentication file (`memcached -Y`). SASL needs a protocol that is no more. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly tls?: boolean | ConnectionOptions | undefined;
}

/** What a shared store is given by the cache that opens it. */
export interface MemcachedParts {
  readonly namespace: string;
  readonly clock: Clock;
  /** Longest time one operation may take. */
  readonly deadlineMs: number;
  /** Unused: without a bus the engine itself believes L1 for no longer than this. */
  readonly l1MaxLagMs: number;
  readonly onFailure?: GuardOptions['onFailure'];
}

/** A shared store on Memcached. */
export interface MemcachedStore extends TaggedStore {
  readonly leases: Leases;
  /** Resolves once every server has been connected to; never, if one never can be. */
  ready(): Promise<void>;
}

/**
 * Opens a shared store on one or more Memcached servers. They are connected to in the background; until then, and
 * whenever one is away, what would be asked of it fails at once.
 *
 * Placement is fixed: a key belongs to one server, whether it is there or not. What it held is a miss, and what would have
 * been invalidated on it is not durable. The list of servers is part of the namespace, so processes with different lists
 * do not see each other's responses, nor each other's invalidations.
 *
 * @throws TypeError when no server is named, one is named twice, or a weight is none
 */
export function openMemcached(settings: MemcachedSettings, parts: MemcachedParts): MemcachedStore {
  const { username, password, tls } = settings;
  const { clock, deadlineMs, onFailure } = parts;
  const servers = new MemcachedServers(
    settings.servers.map((seat) => ({ ...seat, username, password, tls })),
    { clock, deadlineMs, ...(onFailure && { onFailure }) },
  );
  const ledger = new MemcachedLedger(servers, namespaceOf(parts.namespace, servers.fingerprint));
  const protocol = new NonceProtocol(ledger);
  const leases = new HeldLeases(new MemcachedLeases(servers, ledger.keys));
  const connecting = (patience: Patience): Promise<unknown> | undefined => {
    const { starting } = servers;
    return starting === undefined || patience === 'first' ? starting : within(starting, deadlineMs, clock);
  };
  return {
    name: protocol.name,
    purgesOnly: protocol.purgesOnly,
    leases,
    ready: () => servers.ready(),
    connecting,
    begin: (key, decode) => protocol.begin(key, decode),
    beginMany: (keys, decode) => protocol.beginMany(keys, decode),
    check: (tags) => protocol.check(tags),
    commit: (fill) => protocol.commit(fill),
    commitMany: (fills) => protocol.commitMany(fills),
    putMany: (puts) => protocol.putMany(puts),
    mark: (key, frame, ttlMs) => protocol.mark(key, frame, ttlMs),
    invalidate: async (tags, mode) => {
      await connecting('deadline');
      return protocol.invalidate(tags, mode);
    },
    health: () => protocol.health(),
    close: async () => {
      await within(leases.close(), deadlineMs, clock);
      await protocol.close();
    },
  };
}

/** 32 characters that say who it is to those who look into a server, and to nobody else's keys. */
function namespaceOf(namespace: string, fingerprint: string): string {
  const digest = createHash('sha256').update(`${fingerprint}\n${namespace}`).digest('base64url').slice(0, 22);
  return `${namespace.replace(/[^\w-]/g, '').slice(0, 9)}.${digest}`;
}
