import type { Bus, BusListener } from '../ports/bus.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { RedisConnection, RedisSession } from '../stores/redis/connection.js';
import type { RedisKeys } from '../stores/redis/keys.js';
import type { RedisServers } from '../stores/redis/servers.js';
import { readSequence } from '../stores/redis/values.js';
import { ProtocolVersion } from '../stores/redis/version.js';
import { RedisLedger } from './redis-ledger.js';
import { readMessage } from './redis-message.js';

/** Probes are no closer together than this, however short the lag. */
const SHORTEST_MS = 20;

/** What a bus stands on. */
export interface BusParts {
  readonly servers: RedisServers;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  /** Who this process is in its own messages. */
  readonly origin: string;
  /** How old the knowledge of L1 may be; it is renewed three times as often. */
  readonly lagMs: number;
}

/** Publish and subscribe as a bus, with numbers that tell what was lost (PROTOCOL 4.5). */
export class RedisBus implements Bus {
  readonly #parts: BusParts;
  readonly #ears = new Set<Ear>();

  constructor(parts: BusParts) {
    this.#parts = parts;
  }

  /** Messages that were none, and were ignored. */
  get malformed(): number {
    let count = 0;
    for (const ear of this.#ears) count += ear.malformed;
    return count;
  }

  listen(listener: BusListener): () => void {
    const ear = new Ear(this.#parts, listener);
    this.#ears.add(ear);
    return () => {
      ear.close();
      this.#ears.delete(ear);
    };
  }

  /** What this process has invalidated after all, when nobody counted on it any more. */
  tell(tags: readonly string[]): void {
    for (const ear of this.#ears) ear.tell(tags);
  }

  close(): void {
    for (const ear of this.#ears) ear.close();
    this.#ears.clear();
  }
}

/** One subscription, on a connection of its own. */
class Ear {
  malformed = 0;
  readonly #parts: BusParts;
  readonly #listener: BusListener;
  readonly #ledger = new RedisLedger();
  readonly #connection: RedisConnection;
  readonly #version = new ProtocolVersion(3);
  #timer: Timer | undefined;
  #isProbing = false;

  constructor(parts: BusParts, listener: BusListener) {
    this.#parts = parts;
    this.#listener = listener;
    this.#connection = parts.servers.connect((session) => this.#subscribe(session), this.#version);
    this.#schedule();
  }

  close(): void {
    this.#timer?.cancel();
    this.#connection.close();
  }

  tell(tags: readonly string[]): void {
    this.#listener.invalidated(tags, 'soft');
  }

  async #subscribe(session: RedisSession): Promise<void> {
    const { keys, servers } = this.#parts;
    const hear = (bytes: Buffer): void => this.#hear(bytes);
    if (servers.spread === undefined) await session.client.subscribe(keys.channel, hear, true);
    else await session.client.sSubscribe(keys.channel, hear, true);
    void this.#probe(session);
  }

  #hear(bytes: Buffer): void {
    const message = readMessage(bytes);
    if (message === undefined) {
      this.malformed++;
      return;
    }
    if (this.#ledger.message(message, message.before)) this.#listener.missed();
    if (message.origin !== this.#parts.origin) this.#listener.invalidated(message.tags, message.mode);
  }

  #schedule(): void {
    const { clock, lagMs } = this.#parts;
    this.#timer = clock.after(Math.max(SHORTEST_MS, lagMs / 3), () => {
      this.#schedule();
      const { session } = this.#connection;
      if (session !== undefined) void this.#probe(session);
    });
  }

  /**
   * Asks for the sequence so that its answer comes behind every message of before: on the subscribed connection itself, or,
   * where that can only subscribe, elsewhere, and then anything there. What it proves, it proves for when it was sent.
   */
  async #probe(session: RedisSession): Promise<void> {
    if (this.#isProbing) return;
    this.#isProbing = true;
    const { clock, keys, servers } = this.#parts;
    const sentAt = clock.monotonic();
    const seenBefore = this.#ledger.seen;
    try {
      const asked = this.#version.value === 3 ? session : servers.primary.session;
      if (asked === undefined) return;
      const found = readSequence(await asked.send(['GET', keys.sequence]), asked.run);
      if (asked !== session) await session.send(['PING']);
      if (this.#ledger.probe(found, seenBefore)) this.#listener.missed();
      this.#listener.heardUpTo(sentAt);
    } catch {
      // Whoever listens believes less and less, until a probe succeeds.
    } finally {
      this.#isProbing = false;
    }
  }
}
