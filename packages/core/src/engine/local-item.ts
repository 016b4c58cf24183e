import type { TagRecord } from '../invalidation/tag-table.js';
import type { RouteCounters } from '../ports/event-sink.js';
import type { StoredResponse } from '../ports/stored-response.js';

/** What a stored response costs beside its bytes: the objects around it and its places in maps. */
const OVERHEAD = 500;
/** What a place in a list of records costs, and what a record itself does, beside its name. */
const PER_TAG = 16;
const PER_RECORD = 180;

/**
 * A stored response in L1, with what this process knows about it (PROTOCOL 4.5).
 *
 * A hit compares numbers in here and touches nothing else.
 */
export class LocalItem {
  /** The local clock at which the tags were last found unchanged. */
  checked: number;
  /** The records of its tags while it is in L1; empty before and after. */
  records: readonly TagRecord[] = [];
  /** The last header array that was written for it, by whom, and for which second of Age: kept by whoever writes hits. */
  head: readonly string[] | undefined = undefined;
  headStyle: object | undefined = undefined;
  headAge = -1;

  constructor(
    readonly stored: StoredResponse,
    /** The key of the target URI, without selecting values. */
    readonly target: string,
    /** The local token under which the data was read. */
    readonly token: number,
    /** Monotonic time before the read or commit was sent that last found it valid in the shared store. */
    public verifiedAt: number,
    /** Monotonic time at which the response was generated. */
    readonly generatedAt: number,
    readonly counters: RouteCounters,
  ) {
    this.checked = token;
  }

  /** Monotonic time from which the response is stale. */
  get freshUntil(): number {
    return this.generatedAt + this.stored.lifetimeMs;
  }

  /** Bytes it is counted with against the store's limit. */
  get weight(): number {
    const { stored } = this;
    let characters = stored.key.length * 2;
    for (const line of stored.headers) characters += line.length;
    let tags = 0;
    for (const record of this.records) {
      tags += PER_TAG;
      // Shared by all that carry it: charged to the one that brought it in.
      if (record.references === 1) tags += PER_RECORD + 2 * record.tag.length;
    }
    return stored.body.length + characters + tags + OVERHEAD;
  }
}
