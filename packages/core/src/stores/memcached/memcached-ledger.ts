import { StoreTimeoutError } from '../../base/store-errors.js';
import type { StoreHealth } from '../../ports/tagged-store.js';
import { type Nonce, NonceKeys, newNonce, nonceBytes, readNonce } from '../nonce.js';
import type { NonceLedger, Reading } from '../nonce-ledger.js';
import type { Commands, Servers } from './memcached-servers.js';
import { SequenceLog } from './sequence-log.js';

/**
 * How long a nonce lives at least. Longer than elsewhere: what nobody uses the server forgets first by itself.
 */
const NONCE_MS = 30 * 86_400_000;
/** Tags that go into one entry of the log, and into one step: an invalidation must not take all that requests need. */
const STEP = 1_000;
const NONCES_AT_ONCE = 64;

/**
 * Nonces on Memcached: `add` plants them, and a sequence with a log is the mark, so that an invalidation refuses only the
 * fills it is about (PROTOCOL 4.14).
 */
export class MemcachedLedger implements NonceLedger {
  readonly name = 'memcached';
  readonly keys: NonceKeys;
  readonly #servers: Servers;
  readonly #sequence: SequenceLog;
  #nonceMs = NONCE_MS;

  constructor(servers: Servers, namespace: string) {
    this.#servers = servers;
    this.keys = new NonceKeys(namespace);
    this.#sequence = new SequenceLog(servers, this.keys);
  }

  read(keys: readonly string[]): Promise<readonly Reading[]> {
    return this.#servers.read(keys);
  }

  write(key: string, frame: Uint8Array, ttlMs: number): Promise<boolean> {
    return this.#servers.ask(key, 'set', (server) => server.set(key, frame, ttlMs));
  }

  /** One round trip: the reading is sent behind the adding, and a server answers in order. */
  async plant(keys: readonly string[]): Promise<readonly (Nonce | undefined)[]> {
    try {
      const found = await this.#servers.askEach(keys, 'set', async (server, some) => {
        const added = some.map((key) => server.add(key, nonceBytes(newNonce()), this.#nonceMs));
        const [values] = await Promise.all([server.getMany(some), ...added]);
        return Promise.all(values.map((value, i) => this.#mend(server, some[i] as string, value)));
      });
      return found.map((bytes) => readNonce(bytes ?? undefined));
    } catch {
      return keys.map(() => undefined);
    }
  }

  outlive(ttlMs: number): void {
    this.#nonceMs = Math.max(this.#nonceMs, 2 * ttlMs);
  }

  markOf(reading: Reading): string | undefined {
    return SequenceLog.numberOf(reading)?.toString();
  }

  async plantMark(): Promise<string | undefined> {
    try {
      return (await this.#sequence.start())?.toString();
    } catch {
      return undefined;
    }
  }

  async isQuietSince(mark: string | undefined, tags: readonly string[]): Promise<boolean> {
    return mark !== undefined && this.#sequence.isQuietSince(BigInt(mark), tags);
  }

  async purge(tags: readonly string[]): Promise<ReadonlySet<string>> {
    const left = new Set<string>();
    for (let at = 0; at < tags.length; at += STEP) {
      for (const tag of await this.#purge(tags.slice(at, at + STEP))) left.add(tag);
    }
    return left;
  }

  health(): StoreHealth {
    return this.#servers.health();
  }

  close(): Promise<void> {
    return this.#servers.close();
  }

  async #purge(tags: readonly string[]): Promise<Iterable<string>> {
    let isWritten = false;
    try {
      isWritten = await this.#sequence.append(tags);
    } catch (error) {
      // Who waited for a deadline once waits for no second one.
      if (error instanceof StoreTimeoutError) return tags;
    }
    // Without the sequence it is not done, and will be asked for again. But what is stored can go now.
    const left: string[] = [];
    for (let at = 0; at < tags.length; at += NONCES_AT_ONCE) {
      left.push(...(await this.#replace(tags.slice(at, at + NONCES_AT_ONCE))));
    }
    return isWritten ? left : tags;
  }

  /** Where a foreign value is in the way nothing can be added. A nonce that was never there before harms nobody. */
  async #mend(server: Commands, key: string, value: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    if (value === undefined || readNonce(value) !== undefined) return value;
    const written = server.set(key, nonceBytes(newNonce()), this.#nonceMs);
    return (await Promise.all([server.getMany([key]), written]))[0][0];
  }

  /** A nonce that is missing needs no other: whatever remembered it is gone, and whoever plants a new one reads afterwards. */
  async #replace(tags: readonly string[]): Promise<string[]> {
    try {
      const outcomes = await this.#servers.askEach(
        tags.map((tag) => this.keys.tag(tag)),
        'set',
        (server, keys) => Promise.all(keys.map((key) => server.replace(key, nonceBytes(newNonce()), this.#nonceMs))),
      );
      return tags.filter((_, i) => outcomes[i] === null || outcomes[i] === 'failed');
    } catch {
      return [...tags];
    }
  }
}
