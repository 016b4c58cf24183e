import { ignoreRejection, textOf } from '../base/answer.js';
import { ConfigError } from '../base/errors.js';
import { warnOnce } from '../base/process-warning.js';
import { policyFactory } from '../cache/policy-factory.js';
import { valueCodec } from '../codecs/value-codec.js';
import type { Clock } from '../ports/clock.js';
import type { HeldValue } from '../ports/stored-response.js';
import { MemoryStore } from '../stores/memory.js';
import type { SnapshotRecord } from '../stores/snapshots/record.js';
import { type EvictionStats, EvictionWatch } from '../telemetry/eviction-watch.js';
import { adopt, copyOf, hold } from '../values/copies.js';
import { ownText } from '../values/own-text.js';
import { weigh } from '../values/weigh.js';
import { Changes } from './changes.js';
import type { KeyvMemorySettings } from './options.js';

/** What a value costs beside itself and its key: its places in the store, and the objects around it. Measured: 77 to 114. */
const ENTRY_BYTES = 140;

/** Text as it is: nobody can change it. Anything else with what was found in it. */
type Stored = string | HeldValue;

/** The memory behind one {@link KeyvMemoryStore}, or several that share it. */
export class Memory {
  readonly #settings: KeyvMemorySettings;
  readonly #clock: Clock;
  readonly #store: MemoryStore<Stored>;
  readonly #eviction: EvictionWatch;
  /** Of those who write or read a snapshot. */
  readonly #watching = new Set<Changes>();

  constructor(settings: KeyvMemorySettings, clock: Clock) {
    const { maxBytes, maxEntries, policy, onEvict } = settings;
    this.#settings = settings;
    this.#clock = clock;
    this.#eviction = new EvictionWatch({ emit: () => {} }, () => clock.now());
    this.#store = named(
      () =>
        new MemoryStore<Stored>({
          clock,
          maxBytes,
          policy: policyFactory(policy, clock, this.#eviction),
          ...(maxEntries !== undefined && { maxEntries }),
          ...(onEvict !== undefined && { onRemove: (key, stored, reason) => onEvict(key, plainOf(stored), reason) }),
        }),
    );
  }

  get size(): number {
    return this.#store.size;
  }

  get bytes(): number {
    return this.#store.bytes;
  }

  get eviction(): EvictionStats {
    return this.#eviction.read() as EvictionStats;
  }

  get(key: string): unknown {
    // The time of now: after a turn that took long, the store's own reading would be of before.
    return this.#handOut(this.#store.get(key, this.#clock.monotonic()));
  }

  peek(key: string): unknown {
    return this.#handOut(this.#store.peek(key));
  }

  has(key: string): boolean {
    return this.#store.peek(key) !== undefined;
  }

  /** @throws TypeError for a value that cannot be kept */
  set(key: string, value: unknown, ttlMs: number): boolean {
    for (const changes of this.#watching) changes.add(key);
    const stored = this.#takeIn(value);
    return this.#store.set(key, stored, this.#weightOf(key, stored), ttlMs);
  }

  delete(key: string): boolean {
    for (const changes of this.#watching) changes.add(key);
    return this.#store.delete(key);
  }

  clear(): void {
    for (const changes of this.#watching) changes.clear();
    this.#store.clear();
  }

  prune(): number {
    return this.#store.prune();
  }

  /** Also of what has expired and has not left yet. */
  keys(): Iterable<string> {
    return this.#store.keys();
  }

  now(): number {
    return this.#clock.now();
  }

  /** Watches what is set and deleted until the work has ended. */
  async watching<T>(work: (changes: Changes) => Promise<T>): Promise<T> {
    const changes = new Changes();
    this.#watching.add(changes);
    try {
      return await work(changes);
    } finally {
      this.#watching.delete(changes);
    }
  }

  /** Everything as a snapshot holds it, those first that would leave first; `undefined` for what has no bytes. */
  *records(): Generator<SnapshotRecord | undefined> {
    for (const [key, stored, ttlMs] of this.#store.ordered()) {
      const value = bytesOf(stored);
      yield value === undefined ? undefined : { key, value, expiresAt: this.now() + ttlMs };
    }
  }

  /** Puts a value of a snapshot in, unless there is one of its key; false where nothing was stored. */
  restore({ key, value }: SnapshotRecord, ttlMs: number): boolean {
    if (this.has(key)) return false;
    const stored = typeof value === 'string' ? value : readBytes(value);
    return stored !== undefined && this.#store.set(key, stored, this.#weightOf(key, stored), ttlMs);
  }

  #takeIn(value: unknown): Stored {
    if (typeof value === 'string') return ownText(value);
    const kept = hold(value, this.#settings.copying);
    if (kept.kind === 'unstorable') throw new TypeError(kept.what);
    return kept.held;
  }

  #handOut(stored: Stored | undefined): unknown {
    return typeof stored === 'object' ? copyOf(stored, this.#settings.copying) : stored;
  }

  #weightOf(key: string, stored: Stored): number {
    const own = this.#settings.weigh;
    if (own !== undefined) {
      const weight = this.#ask(own, key, stored);
      if (weight !== undefined) return weight;
    }
    return ENTRY_BYTES + weigh(key) + (typeof stored === 'string' ? weigh(stored) : stored.bytes);
  }

  #ask(own: NonNullable<KeyvMemorySettings['weigh']>, key: string, stored: Stored): number | undefined {
    try {
      const weight: unknown = own(key, plainOf(stored));
      if (typeof weight === 'number' && weight >= 0) return weight;
      ignoreRejection(weight);
      warnOnce(
        `memoryStore.weigh returned ${String(weight)} rather than a number from 0 up, the value was weighed as usual`,
      );
    } catch (error) {
      warnOnce(`memoryStore.weigh threw ${textOf(error)}, the value was weighed as usual`);
    }
    return undefined;
  }
}

function plainOf(stored: Stored): unknown {
  return typeof stored === 'string' ? stored : stored.value;
}

function bytesOf(stored: Stored): string | Buffer | undefined {
  if (typeof stored === 'string') return stored;
  const encoded = valueCodec.encode(stored.value);
  return encoded.kind === 'bytes' ? encoded.bytes : undefined;
}

function readBytes(bytes: Buffer): Stored | undefined {
  const decoded = valueCodec.decode(bytes);
  if (decoded === undefined) return undefined;
  return typeof decoded.value === 'string' ? decoded.value : adopt(decoded.value);
}

function named<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw error instanceof ConfigError ? error.named(`memoryStore.${error.setting}`) : error;
  }
}
