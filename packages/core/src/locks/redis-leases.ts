import { randomBytes } from 'node:crypto';
import type { Lease, LeaseAnswer, LeaseOutcome, Leases } from '../ports/leases.js';
import { type RedisAsker, textOf } from '../stores/redis/asker.js';
import type { RedisKeys } from '../stores/redis/keys.js';
import { RELEASE, RENEW, runScript, type Script, TAKE } from '../stores/redis/scripts.js';

/** How long a lease lives that nobody renews: by so much a crashed holder delays the others at most. */
const LEASE_MS = 2_000;
/** What stands in the place of a lease afterwards, and for how long: no token looks like it. */
const MARKS = {
  // Longer than anybody takes from looking in vain to asking for a lease, and no longer: it may be invalidated at once.
  stored: ['done', '250'],
  open: ['open', '2000'],
  unused: [],
} as const satisfies Readonly<Record<LeaseOutcome, readonly string[]>>;
const TOKEN = /^[\w-]{16}$/;

/** Leases in Redis: a key with a token that only its holder knows, for two seconds (PROTOCOL 4.12). */
export class RedisLeases implements Leases {
  readonly renewEveryMs = 700;
  readonly #asker: RedisAsker;
  readonly #keys: RedisKeys;

  constructor(asker: RedisAsker, keys: RedisKeys) {
    this.#asker = asker;
    this.#keys = keys;
  }

  async take(key: string, isPastMark = false): Promise<LeaseAnswer> {
    const name = this.#keys.lease(key);
    const token = randomBytes(12).toString('base64url');
    try {
      const holder = await this.#run(TAKE, name, [token, String(LEASE_MS), isPastMark ? MARKS.stored[0] : ''], textOf);
      if (holder === '') return { kind: 'mine', lease: this.#lease(name, token) };
      if (TOKEN.test(holder)) return { kind: 'held', by: holder };
      // What is neither a token nor a mark keeps nobody waiting.
      return { kind: holder === MARKS.stored[0] ? 'done' : 'open' };
    } catch {
      return { kind: 'open' };
    }
  }

  #lease(name: string, token: string): Lease {
    return {
      renew: () => this.#run(RENEW, name, [token, String(LEASE_MS)], Boolean).catch(() => false),
      release: async (outcome) => {
        await this.#run(RELEASE, name, [token, ...MARKS[outcome]], Boolean).catch(() => false);
      },
    };
  }

  async #run<T>(script: Script, name: string, values: readonly string[], read: (reply: unknown) => T): Promise<T> {
    const session = this.#asker.session('lease');
    return this.#asker.ask('lease', () => runScript(session, script, [name], values), read);
  }
}
