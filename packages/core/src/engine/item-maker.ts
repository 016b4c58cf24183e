import type { TagTable } from '../invalidation/tag-table.js';
import type { Clock } from '../ports/clock.js';
import type { TagStamp } from '../ports/stored-response.js';
import type { Candidate, Lead, Tags } from './lead.js';
import type { LocalItem } from './local-item.js';
import type { LocalLevel } from './local-level.js';
import { makeStored, NO_STAMPS, unstamped } from './make-stored.js';
import type { NestedTag } from './nested-tag.js';

const NOTHING_NESTED: readonly NestedTag[] = [];

/** Whether the shared store knows when each part was read: for one it does not, it would take the time of the whole. */
export function isVouchedFor({ nested = NOTHING_NESTED }: Candidate): boolean {
  return nested.every(({ stamp }) => stamp !== '');
}

/** All tags of what is made, but those of its key. */
export function withNested({ tags, nested = NOTHING_NESTED }: Candidate): readonly string[] {
  return nested.length === 0 ? tags : [...new Set([...tags, ...nested.map(({ tag }) => tag)])];
}

/** All tags on their way to a shared store: those that were read before keep what it knew of them then. */
export function stampsOf(own: readonly string[], { tags, nested = NOTHING_NESTED }: Candidate): readonly TagStamp[] {
  return [...unstamped([...own, ...tags]), ...nested.map(({ tag, stamp = '' }) => ({ tag, stamp }))];
}

/** Makes of what was offered for storing something that L1 could hold (PROTOCOL 4.8, 4.9). */
export class ItemMaker {
  readonly #local: LocalLevel;
  readonly #tags: TagTable;
  readonly #clock: Clock;
  readonly #isShared: boolean;

  constructor(local: LocalLevel, tags: TagTable, clock: Clock, isShared: boolean) {
    this.#local = local;
    this.#tags = tags;
    this.#clock = clock;
    this.#isShared = isShared;
  }

  /** Whether what is read under the lead's token may still be stored with these tags. */
  admits(lead: Lead, { tags, nested = NOTHING_NESTED }: Tags): boolean {
    const table = this.#tags;
    // Most often nothing was invalidated meanwhile, and the tags of the key need not be made.
    const isUnchanged =
      lead.token === table.clock || (table.admits(tags, lead.token) && table.admits(lead.key.tags, lead.token));
    return isUnchanged && nested.every(({ tag, token }) => table.admits([tag], Math.min(token, lead.token)));
  }

  /** What was made, as something that could be kept; outdated where one of its tags was invalidated meanwhile. */
  make(lead: Lead, candidate: Candidate, text: string, selecting: readonly string[]): LocalItem {
    const { nested = NOTHING_NESTED, nestedVerifiedAt = lead.startedAt, begun = lead, initialAgeMs = 0 } = candidate;
    const isValid = this.admits(lead, candidate);
    const stamps = this.#isShared ? stampsOf(lead.key.tags, candidate) : NO_STAMPS;
    const stored = makeStored(text, selecting, candidate, stamps, this.#clock.now() - initialAgeMs);
    // Each tag was read under a token of its own. As none was invalidated since, one of now is as good for all of them.
    const token = nested.length === 0 || !isValid ? lead.token : this.#tags.clock;
    const verifiedAt = Math.min(lead.startedAt, begun.startedAt, nestedVerifiedAt);
    const item = this.#local.item(stored, lead.key, token, verifiedAt, initialAgeMs);
    item.isOutdated = !isValid;
    item.run = lead.run;
    item.declared = withNested(candidate);
    item.hasParts = nested.length > 0;
    item.reasons = candidate.reasons;
    return item;
  }
}
