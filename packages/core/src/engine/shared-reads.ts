import type { TagTable } from '../invalidation/tag-table.js';
import type { Clock } from '../ports/clock.js';
import { retentionMs, type StoredResponse } from '../ports/stored-response.js';
import type { BeginRead, SharedToken } from '../ports/tagged-store.js';
import type { Flight } from './flight.js';
import type { Keyed } from './keyed.js';
import type { LocalItem, StaleItem } from './local-item.js';
import type { LocalLevel } from './local-level.js';
import { tagNames } from './make-stored.js';
import type { SharedLevel } from './shared-level.js';
import type { Turn } from './turn.js';
import type { VariantIndex } from './variants.js';

/** What a shared store had to say to a flight. */
export type Said =
  | { readonly kind: 'item'; readonly item: LocalItem; readonly token?: SharedToken | undefined }
  /** The target has variants, selected by fields that were not known here. */
  | { readonly kind: 'variants' }
  | Miss;

/** There is nothing in the store that may answer. */
export interface Miss {
  readonly kind: 'miss';
  readonly token: SharedToken | undefined;
  readonly stale?: StaleItem | undefined;
  /** The lease under which the handler runs. */
  readonly turn?: Turn | undefined;
  /** Another process runs its handler for this already, and the leader can be answered meanwhile. */
  readonly isElsewhere?: boolean;
  /** There was something, of which this process has heard meanwhile that it was invalidated: before that was written, or since. */
  readonly isOutrun?: boolean;
}

/** A key that is asked for with others. */
interface Asked {
  readonly key: string;
  resolve(read: BeginRead): void;
}

const NOTHING_READ: BeginRead = { token: undefined, found: undefined };

/**
 * Reads of the shared store, and what of them enters L1. Where this process knows better than the store (PROTOCOL 4.5,
 * 4.6), the store is not believed.
 */
export class SharedReads {
  readonly #level: SharedLevel;
  readonly #local: LocalLevel;
  readonly #tags: TagTable;
  readonly #variants: VariantIndex;
  readonly #clock: Clock;
  /** What is asked for together, while that is being collected. */
  #asked: Asked[] | undefined;
  /** What of that is asked for once more, until this turn of microtasks is over. */
  #askedAgain: Asked[] | undefined;

  constructor(level: SharedLevel, local: LocalLevel, tags: TagTable, variants: VariantIndex, clock: Clock) {
    this.#level = level;
    this.#local = local;
    this.#tags = tags;
    this.#variants = variants;
    this.#clock = clock;
  }

  /** What is asked for now is asked for with others, in one round trip. */
  get isCollecting(): boolean {
    return this.#asked !== undefined;
  }

  /** Collects what is asked for while something runs, and asks for all of it in one round trip. */
  together<T>(run: () => T): T {
    this.#asked = [];
    try {
      return run();
    } finally {
      const asked = this.#asked;
      this.#asked = undefined;
      if (asked.length > 0) void this.#askTogether(asked);
    }
  }

  async #askTogether(asked: readonly Asked[]): Promise<void> {
    const { store, codec } = this.#level;
    const keys = asked.map(({ key }) => key);
    const reads = await store.beginMany(keys, (bytes, key) => codec.decode(bytes, key)).catch(() => []);
    for (const [i, { resolve }] of asked.entries()) resolve(reads[i] ?? NOTHING_READ);
  }

  /** Asks for one key, or lets it be asked for with others. */
  begin(key: string): Promise<BeginRead> {
    const asked = this.#asked;
    if (asked !== undefined) return new Promise((resolve) => asked.push({ key, resolve }));
    const { store, codec } = this.#level;
    return store.begin(key, (bytes) => codec.decode(bytes, key));
  }

  /** The token and its time belong to the read that is sent now. */
  restart(flight: Flight): void {
    flight.token = this.#tags.clock;
    flight.startedAt = this.#clock.monotonic();
  }

  /** Asks for what a flight is about. */
  async read(flight: Flight, key: Keyed): Promise<Said> {
    const isOneOfMany = this.isCollecting;
    const said = await this.#readOnce(flight, key, () => this.begin(flight.text));
    if (said.kind !== 'miss' || said.isOutrun !== true) return said;
    // Asked once more, the store knows which it was.
    this.restart(flight);
    return this.#readOnce(flight, key, () => (isOneOfMany ? this.#beginAgain(flight.text) : this.begin(flight.text)));
  }

  async #readOnce(flight: Flight, key: Keyed, begin: () => Promise<BeginRead>): Promise<Said> {
    const heard = this.#level.unheard.acknowledgements;
    return this.take(await begin(), flight, key, heard);
  }

  /** Asks for one of many once more, with those of them that are, too: one by one they would be more than a store may be asked at once. */
  #beginAgain(key: string): Promise<BeginRead> {
    return new Promise((resolve) => {
      if (this.#askedAgain === undefined) {
        const asked: Asked[] = [];
        this.#askedAgain = asked;
        queueMicrotask(() => {
          this.#askedAgain = undefined;
          void this.#askTogether(asked);
        });
      }
      this.#askedAgain.push({ key, resolve });
    });
  }

  /**
   * What a read of the store comes to.
   *
   * @param heard - the invalidations that the store had heard of before it was asked
   */
  async take({ token, found }: BeginRead, flight: Flight, key: Keyed, heard: number): Promise<Said> {
    const { codec, unheard } = this.#level;
    if (token !== undefined) unheard.stir();
    if (found?.kind === 'selecting') {
      return this.#learns(key, found.selecting) ? { kind: 'variants' } : { kind: 'miss', token };
    }
    if (found?.validity !== 'valid' && found?.validity !== 'stale') return { kind: 'miss', token };
    const unpacking = codec.unpack(found.response);
    // One that was whole is not waited for.
    const response = unpacking === found.response ? found.response : await unpacking;
    if (response === undefined || this.#isOver(response)) return { kind: 'miss', token };
    const names = tagNames(response);
    if (!this.#isBelieved(names, flight, heard)) {
      // One that has yet to hear of it would say the same again.
      return { kind: 'miss', token, isOutrun: !unheard.isPending(names) };
    }
    const item = this.#local.item(response, key, flight.token, flight.startedAt, this.#ageOf(response));
    if (found.validity === 'stale') {
      item.isOutdated = true;
      return { kind: 'miss', token, stale: { item, validity: 'stale', tags: names } };
    }
    this.#local.keep(item, names, true);
    if (flight.asked === undefined && this.#local.isSound(item, key)) return { kind: 'item', item, token };
    return { kind: 'miss', token, stale: { item, validity: 'valid', tags: names } };
  }

  #ageOf(response: StoredResponse): number {
    return Math.max(0, this.#clock.now() - response.storedAt);
  }

  #isOver(response: StoredResponse): boolean {
    return this.#ageOf(response) >= retentionMs(response);
  }

  /** Whether this process knows nothing that the store did not (PROTOCOL 4.5). */
  #isBelieved(tags: readonly string[], flight: Flight, heard: number): boolean {
    return this.#tags.admits(tags, flight.token) && !this.#level.unheard.isDoubtful(tags, heard);
  }

  /** True when the target's selecting headers were not all known here before. */
  #learns(key: Keyed, selecting: readonly string[]): boolean {
    const before = this.#variants.names(key.text, []).length;
    return this.#variants.learn(key.text, selecting).length > before;
  }
}
