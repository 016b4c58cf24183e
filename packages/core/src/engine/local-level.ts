import type { TagRecord, TagTable } from '../invalidation/tag-table.js';
import type { Clock } from '../ports/clock.js';
import type { CodeBody } from '../ports/coded-body.js';
import type { EventSink } from '../ports/event-sink.js';
import type { LocalStore } from '../ports/local-store.js';
import type { StoredResponse } from '../ports/stored-response.js';
import type { EngineParts } from './engine-parts.js';
import type { Counted, Keyed } from './keyed.js';
import type { Room } from './lead.js';
import { LocalItem, type StaleItem } from './local-item.js';
import type { Trust } from './trust.js';
import type { VariantIndex } from './variants.js';

/** L1: the stored responses that this process holds, and what it knows against them (PROTOCOL 4.5, 4.13). */
export class LocalLevel {
  readonly #store: LocalStore<LocalItem>;
  readonly #tags: TagTable;
  readonly #variants: VariantIndex;
  readonly #clock: Clock;
  readonly #sink: EventSink;
  readonly #trust: Trust;
  readonly #codeBody: CodeBody | undefined;

  constructor({ local, tags, variants, clock, sink, trust, codeBody }: EngineParts) {
    this.#store = local;
    this.#tags = tags;
    this.#variants = variants;
    this.#clock = clock;
    this.#sink = sink;
    this.#trust = trust;
    this.#codeBody = codeBody;
  }

  /** What may answer now, without asking anybody (RFC 9111 §4). All that a hit costs. */
  find(key: Keyed, text: string, now: number = this.#clock.monotonic()): LocalItem | undefined {
    const item = this.#store.get(text, now);
    if (item === undefined || now >= item.freshUntil) return undefined;
    const { clock } = this.#tags;
    if (item.checked !== clock) {
      if (!this.#isUnchanged(item, key)) return undefined;
      item.checked = clock;
    }
    if (!this.#trust.holds(item.verifiedAt, now)) return undefined;
    item.hasAnswered = true;
    return item;
  }

  /**
   * {@link find} by a clock that may be a turn of the event loop behind, where nobody but this process writes: what others
   * have invalidated must not be believed for that much longer.
   */
  findSoon(key: Keyed, text: string): LocalItem | undefined {
    const clock = this.#clock;
    return this.find(key, text, clock.recent !== undefined && this.#trust.isAlone ? clock.recent() : clock.monotonic());
  }

  /** What is held, usable or not. */
  peek(text: string): LocalItem | undefined {
    return this.#store.peek(text);
  }

  /**
   * What is held and may not answer by itself, though it is of some use still.
   *
   * Nothing of what was purged, nor of what nobody vouches for: where there is a shared store, another process may have
   * purged it.
   */
  findStale(key: Keyed, text: string): StaleItem | undefined {
    const item = this.#store.peek(text);
    if (item === undefined || !this.#trust.holds(item.verifiedAt, this.#clock.monotonic())) return undefined;
    const tags = this.#tags;
    const declared = tags.validity(item.records, item.token);
    const own = tags.ownValidity(key, item.token, item.checked);
    if (declared === 'gone' || own === 'gone') return undefined;
    const validity = declared === 'valid' && own === 'valid' ? 'valid' : 'stale';
    if (validity === 'stale') item.isOutdated = true;
    return { item, validity, tags: withoutOwn(item.records, key) };
  }

  /** Whether an item could answer, if only the shared store agreed. */
  isSound(item: LocalItem, key: Keyed): boolean {
    return this.#clock.monotonic() < item.freshUntil && this.#isUnchanged(item, key);
  }

  /**
   * A stored response with what this process has to know about it, not in L1 yet.
   *
   * @param token - the local clock before its data was read
   * @param verifiedAt - monotonic time before the read or commit was sent that found it valid
   */
  item(stored: StoredResponse, key: Keyed, token: number, verifiedAt: number, ageMs: number): LocalItem {
    const generatedAt = this.#clock.monotonic() - ageMs;
    const item = new LocalItem(stored, key.text, token, verifiedAt, generatedAt, this.#sink.route(stored.route));
    if (key.counter !== undefined) item.counted = key as Counted;
    return item;
  }

  /**
   * Takes a response in; false where there is no room for it. Its validity is compared at every use, so what was invalidated meanwhile does no
   * harm.
   *
   * @param isWritten - nobody's miss has had it made
   */
  keep(item: LocalItem, tags: readonly string[], isWritten = false): boolean {
    const { stored } = item;
    item.records = tags.map((tag) => this.#tags.retain(tag));
    const { weight } = item;
    if (!this.#store.set(stored.key, item, weight, item.keptUntil - this.#clock.monotonic())) {
      this.#tags.release(item.records);
      item.records = [];
      // An older one of its key is gone, too.
      this.#variants.forget(item.target, stored.key);
      this.#sink.refused(item.target, stored.route, 'too-large', undefined, isWritten);
      return false;
    }
    if (stored.selecting.length > 0) this.#admit(item);
    if (stored.codings !== undefined) void this.#code(item);
    this.#sink.stored(stored, weight, tags, isWritten);
    item.counted?.counter.entered(item, item.counted);
    return true;
  }

  /** Gives what is held another lifetime, from now on. */
  renew(item: LocalItem, key: Keyed, lifetimeMs: number): boolean {
    const { stored, token, verifiedAt, records } = item;
    const renewed = this.item({ ...stored, lifetimeMs }, key, token, verifiedAt, 0);
    renewed.held = item.held;
    renewed.declared = item.declared;
    renewed.run = item.run;
    renewed.hasParts = item.hasParts;
    renewed.reasons = item.reasons;
    return this.keep(
      renewed,
      records.map(({ tag }) => tag),
      true,
    );
  }

  /** Lets go of what is held, usable or not. */
  drop(text: string): void {
    this.#store.delete(text);
  }

  /** Adds the codings of a body to an item that is held, if it still is when they are made. */
  async #code(item: LocalItem): Promise<void> {
    const { stored } = item;
    const coded = await this.#codeBody?.(stored);
    if (coded === undefined || coded.length === 0 || this.#store.peek(stored.key) !== item) return;
    item.coded = coded;
    this.#store.reweigh(stored.key, item, item.weight);
  }

  /** See {@link Lead.makeRoom}; what of the key text belongs to the header is `part`. */
  makeRoom(target: string, name: string, part: string, limit: number): Room {
    const values = this.#variants.byValue(target, name);
    if (values.has(part)) return values.size >= limit || this.#variants.isFull(target) ? 'last' : 'some';
    if (values.size >= limit) {
      const idle = [...values.values()].find((texts) => !texts.some((text) => this.#store.peek(text)?.hasAnswered));
      if (idle === undefined) return 'none';
      for (const text of idle) this.#remove(target, text);
      return 'last';
    }
    return values.size + 1 >= limit || this.#variants.isFull(target) ? 'last' : 'some';
  }

  #remove(target: string, text: string): void {
    this.#variants.forget(target, text);
    if (this.#store.delete(text)) this.#sink.emit({ type: 'removed', key: text, reason: 'variants' });
  }

  /** Counts a variant that is in L1 by now, and takes the one out that leaves for it. */
  #admit(item: LocalItem): void {
    const leaves = this.#variants.admit(item.target, item.stored.key, (text) => {
      const other = this.#store.peek(text);
      if (other === undefined || !other.hasAnswered) return false;
      other.hasAnswered = false;
      other.wasOfUse = true;
      return true;
    });
    if (leaves !== undefined && this.#store.delete(leaves))
      this.#sink.emit({ type: 'removed', key: leaves, reason: 'variants' });
  }

  /** No tag it carries was invalidated since it was read. */
  #isUnchanged(item: LocalItem, key: Keyed): boolean {
    const tags = this.#tags;
    return (
      tags.validity(item.records, item.token) === 'valid' && tags.ownValidity(key, item.token, item.checked) === 'valid'
    );
  }
}

/** The tags that something was stored with, those of its key aside: not those of other keys, whose values are part of it. */
function withoutOwn(records: readonly TagRecord[], key: Keyed): readonly string[] {
  const own = new Set(records.length === 0 ? [] : key.tags);
  return records.flatMap(({ tag }) => (own.has(tag) ? [] : [tag]));
}
