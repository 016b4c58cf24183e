import type { Lease, LeaseAnswer, LeaseOutcome, Leases } from '../ports/leases.js';
import type { Servers } from '../stores/memcached/memcached-servers.js';
import { type NonceKeys, newNonce, readNonce } from '../stores/nonce.js';

/** Servers count whole seconds, of which the first may be nearly over: what is to live for one ends after one to two. */
const LEASE_MS = 1_000;

/** What stands in the place of a lease once its holder is done, and for how long; for no time, the lease just goes. */
const AFTER: Readonly<Record<LeaseOutcome, { readonly mark: Buffer; readonly ms: number }>> = {
  stored: { mark: Buffer.from('done'), ms: 1_000 },
  open: { mark: Buffer.from('open'), ms: 2_000 },
  unused: { mark: Buffer.from('open'), ms: 0 },
};

/**
 * Leases on Memcached: `add` takes one, and only who still finds its own token may change it, by `cas`
 * (PROTOCOL 4.12).
 */
export class MemcachedLeases implements Leases {
  readonly renewEveryMs = 400;
  readonly #servers: Servers;
  readonly #keys: NonceKeys;

  constructor(servers: Servers, keys: NonceKeys) {
    this.#servers = servers;
    this.#keys = keys;
  }

  async take(key: string, isPastMark = false): Promise<LeaseAnswer> {
    const leaseKey = this.#keys.lease(key);
    const token = newNonce();
    try {
      const [isMine, found] = await this.#servers.ask(leaseKey, 'lease', async (server) => {
        const added = server.add(leaseKey, Buffer.from(token), LEASE_MS);
        const [values, isAdded] = await Promise.all([server.getMany([leaseKey]), added]);
        return [isAdded, values[0]] as const;
      });
      if (isMine) return { kind: 'mine', lease: this.#lease(leaseKey, token) };
      const by = readNonce(found);
      if (by !== undefined) return { kind: 'held', by };
      // What is neither a token nor a mark keeps nobody waiting.
      if (found === undefined || !isDone(found)) return { kind: 'open' };
      const isTaken = isPastMark && (await this.#change(leaseKey, isDone, Buffer.from(token), LEASE_MS));
      return isTaken ? { kind: 'mine', lease: this.#lease(leaseKey, token) } : { kind: 'done' };
    } catch {
      return { kind: 'open' };
    }
  }

  #lease(key: string, token: string): Lease {
    const isMine = (found: Uint8Array): boolean => readNonce(found) === token;
    return {
      renew: () => this.#change(key, isMine, Buffer.from(token), LEASE_MS),
      release: async (outcome) => {
        const { mark, ms } = AFTER[outcome];
        await this.#change(key, isMine, mark, ms);
      },
    };
  }

  /** True when what was there still was what it had to be. */
  async #change(key: string, isIt: (found: Uint8Array) => boolean, value: Uint8Array, ttlMs: number): Promise<boolean> {
    try {
      return await this.#servers.ask(key, 'lease', async (server) => {
        const found = await server.gets(key);
        if (found?.unique === undefined || !isIt(found.bytes)) return false;
        return server.swap(key, value, ttlMs, found.unique);
      });
    } catch {
      return false;
    }
  }
}

function isDone(found: Uint8Array): boolean {
  return AFTER.stored.mark.equals(found);
}
