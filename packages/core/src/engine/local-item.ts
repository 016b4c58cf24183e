import type { TagRecord } from '../invalidation/tag-table.js';
import type { RouteCounters } from '../ports/event-sink.js';
import type { StoredResponse } from '../ports/stored-response.js';

/** What a stored response costs beside its bytes: the objects around it, its places in maps, its tag records. */
const OVERHEAD = 900;

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
    return stored.body.length + characters + OVERHEAD;
  }
}
