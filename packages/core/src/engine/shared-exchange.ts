import { retentionMs, type StoredResponse, type TagStamp } from '../ports/stored-response.js';
import type { CommitVerdict, Fill, SharedToken } from '../ports/tagged-store.js';
import type { Flight, Visitor } from './flight.js';
import type { Keyed } from './keyed.js';
import type { Lead } from './lead.js';
import type { LocalItem } from './local-item.js';
import { inMemory, tagNames } from './make-stored.js';
import type { SharedParts } from './shared-parts.js';
import type { Miss, Said } from './shared-reads.js';
import { Turn, waitForTurn } from './turn.js';

/** No mark of what was stored under a lease stands for longer. */
const MARK_MS = 3_000;

/**
 * The conversation with the shared store: what it is asked, what it is told, and what of its answers enters L1.
 *
 * Where this process knows better than the store (PROTOCOL 4.5, 4.6), the store is not believed. Nothing here rejects.
 */
export class SharedExchange {
  readonly #parts: SharedParts;
  readonly #patienceMs: number;
  /** What is to be committed together. */
  #finished: Finished[] = [];

  /** @param patienceMs - how long a request waits for another process's handler */
  constructor(parts: SharedParts, patienceMs: number) {
    this.#parts = parts;
    this.#patienceMs = patienceMs;
  }

  /** Asks on behalf of a flight: first whether what L1 holds is still good, then for the response itself (PROTOCOL 4.3). */
  async ask(flight: Flight, leader: Visitor): Promise<Said> {
    const { key } = leader;
    try {
      const isOneOfMany = this.#parts.reads.isCollecting;
      flight.isOneOfMany = isOneOfMany;
      // Who makes new what is held asks whether another process has done so already.
      const renews = leader.isRefresh === true || leader.renews === true;
      const isOfHeld = flight.asked === undefined && !isOneOfMany && !renews;
      const held = isOfHeld ? this.#held(flight, key) : undefined;
      if (held !== undefined) {
        const validity = await this.#parts.level.store.check(held.stored.tags);
        if (validity === 'valid' && this.#parts.local.isSound(held, key)) {
          held.verifiedAt = flight.startedAt;
          return { kind: 'item', item: held };
        }
        // Who has waited for one deadline in vain does not wait for another.
        if (validity === 'unavailable') return { kind: 'miss', token: undefined };
        this.#parts.reads.restart(flight);
      }
      const said = await this.#parts.reads.read(flight, key);
      return said.kind === 'miss' && !isOneOfMany ? await this.#takeTurn(flight, leader, said) : said;
    } catch (error) {
      this.#failed(error as Error);
      return { kind: 'miss', token: undefined };
    }
  }

  /** Whether the store may be given a response: it gave a token, and has heard of all invalidations of the tags. */
  takes(token: SharedToken | undefined, stored: StoredResponse): token is SharedToken {
    return token !== undefined && !this.#parts.level.unheard.isPending(tagNames(stored));
  }

  /**
   * Commits a response, and keeps it in L1 as far as the verdict allows (PROTOCOL 4.8).
   *
   * @param own - the response as this process may hold it while the store is away
   * @returns the response as the store has it; `undefined` where it has not taken it
   */
  async commit(lead: Lead, token: SharedToken, own: LocalItem): Promise<LocalItem | undefined> {
    const { store, codec } = this.#parts.level;
    const { stored } = own;
    const names = tagNames(stored);
    const packing = codec.pack(stored);
    const packed = packing === undefined ? undefined : await packing;
    const sentAt = this.#parts.clock.monotonic();
    if (stored.selecting.length > 0) void this.#mark(lead.key, stored);
    const fill: Fill = {
      key: stored.key,
      token,
      tags: stored.tags,
      ttlMs: retentionMs(stored),
      encode: (tags) => codec.encode({ ...stored, tags }, packed),
    };
    const committing = lead.flight?.isOneOfMany === true ? this.#commitTogether(fill) : store.commit(fill);
    const verdict = await committing.catch((error: Error): CommitVerdict => {
      this.#failed(error);
      return { kind: 'unavailable' };
    });
    // The store knows of invalidations that were not heard of here: what is held of the same data is no longer valid.
    if (verdict.kind === 'refused' && verdict.tags !== undefined) this.#parts.tags.invalidate(verdict.tags, 'soft');
    // What was invalidated meanwhile must not enter L1: the record of it may be gone by now, and then nothing would tell.
    const isRefused = verdict.kind === 'refused' || !this.#parts.tags.admits(names, own.token);
    own.isOutdated = isRefused;
    if (isRefused) this.#parts.sink.refused(lead.key.text, stored.route, 'invalidated');
    // The store is away: L1 alone may hold it, as long as it may lag anyway.
    else if (verdict.kind === 'unavailable') {
      this.#parts.local.keep(own, names);
      this.#parts.sink.refused(lead.key.text, stored.route, 'store-unavailable', undefined, true);
    }
    if (verdict.kind !== 'stored') return undefined;
    const committed = this.#committed(own, verdict.tags, lead, sentAt);
    committed.isOutdated = isRefused;
    committed.run = own.run;
    if (!isRefused) this.#parts.local.keep(committed, names);
    return committed;
  }

  /** Commits with all that is finished at the same time: what was made by one call for many is stored in one round trip. */
  #commitTogether(fill: Fill): Promise<CommitVerdict> {
    // When all that is ready now has run.
    if (this.#finished.length === 0) process.nextTick(() => void this.#commitFinished());
    return new Promise((resolve, reject) => this.#finished.push({ fill, resolve, reject }));
  }

  async #commitFinished(): Promise<void> {
    const finished = this.#finished;
    this.#finished = [];
    try {
      const verdicts = await this.#parts.level.store.commitMany(finished.map(({ fill }) => fill));
      for (const [i, { resolve }] of finished.entries()) resolve(verdicts[i] ?? { kind: 'unavailable' });
    } catch (error) {
      for (const { reject } of finished) reject(error as Error);
    }
  }

  /** Lets one process run its handler for all, where the store has leases; what that stored answers the others (PROTOCOL 4.12). */
  async #takeTurn(flight: Flight, leader: Visitor, miss: Miss): Promise<Said> {
    const { store, clock = this.#parts.clock } = this.#parts.level;
    const { leases } = store;
    if (leases === undefined || miss.token === undefined || flight.isApart) return miss;
    if (leader.isRefresh === true || (miss.stale !== undefined && leader.takesStale?.(miss.stale) === true)) {
      const first = await leases.take(flight.text);
      const isOld = storedAt(miss) < this.#parts.clock.now() - MARK_MS;
      const answer = first.kind === 'done' && isOld ? await leases.take(flight.text, true) : first;
      if (answer.kind !== 'mine') return { ...miss, isElsewhere: answer.kind !== 'open' };
      const turn = new Turn(answer.lease, clock, leases.renewEveryMs, this.#patienceMs);
      if (first.kind === 'mine') return { ...miss, turn };
      // By this clock the mark is of something newer, which nobody can replace now. A clock may have gone on by leaps.
      this.#parts.reads.restart(flight);
      const again = await this.#parts.reads.read(flight, leader.key);
      if (again.kind === 'miss' && storedAt(again) === storedAt(miss)) return { ...again, turn };
      turn.end('stored');
      if (again.kind !== 'miss') return again;
      // To who wanted another one, this one is.
      const newer = again.stale?.validity === 'valid' ? again.stale.item : undefined;
      const isDone = newer !== undefined && this.#parts.local.isSound(newer, leader.key);
      return isDone ? { kind: 'item', item: newer } : { ...again, isElsewhere: true };
    }
    let latest: Said = miss;
    const look = async (): Promise<Said | undefined> => {
      this.#parts.reads.restart(flight);
      latest = await this.#parts.reads.read(flight, leader.key);
      return latest.kind === 'miss' && latest.token !== undefined ? undefined : latest;
    };
    const isNeeded = (): boolean => !leader.isGone || flight.waiters.length > 0;
    const until = clock.monotonic() + this.#patienceMs;
    const mayWait = (): boolean => isNeeded() && clock.monotonic() < until;
    const answer = await waitForTurn(leases, flight.text, clock, this.#patienceMs, look, mayWait);
    return answer.kind === 'found' ? answer.found : { ...latest, turn: answer.turn };
  }

  /** What L1 holds that the store could vouch for. */
  #held(flight: Flight, key: Keyed): LocalItem | undefined {
    const item = this.#parts.local.peek(flight.text);
    if (item === undefined || !isStamped(item.stored) || !this.#parts.local.isSound(item, key)) return undefined;
    return this.#parts.level.unheard.isPending(tagNames(item.stored)) ? undefined : item;
  }

  #committed(own: LocalItem, tags: readonly TagStamp[], lead: Lead, sentAt: number): LocalItem {
    const ageMs = this.#parts.clock.monotonic() - own.generatedAt;
    return this.#parts.local.item(inMemory({ ...own.stored, tags }), lead.key, own.token, sentAt, ageMs);
  }

  async #mark(key: Keyed, stored: StoredResponse): Promise<void> {
    const { store, codec } = this.#parts.level;
    const frame = codec.encodeMarker(key.text, { selecting: stored.selecting });
    // Without the marker another process asks its own handler once: it costs a hit, and nobody needs to hear of it.
    await store.mark(key.text, frame, retentionMs(stored)).catch(() => false);
  }

  #failed(error: Error): void {
    this.#parts.sink.emit({ type: 'store-error', store: this.#parts.level.store.name, error });
  }
}

/** A fill that is committed with others. */
interface Finished {
  readonly fill: Fill;
  resolve(verdict: CommitVerdict): void;
  reject(error: Error): void;
}

/** When what is stale was stored; where there is nothing, it was stored by whoever left a mark. */
function storedAt({ stale }: Miss): number {
  return stale?.item.stored.storedAt ?? Number.POSITIVE_INFINITY;
}

/** Whether the shared store has ever seen it: without stamps there is nothing to compare. */
function isStamped(stored: StoredResponse): boolean {
  return stored.tags.every((tag) => tag.stamp !== '');
}
