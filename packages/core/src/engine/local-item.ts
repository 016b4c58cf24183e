import type { TagRecord } from '../invalidation/tag-table.js';
import type { CodedBody } from '../ports/coded-body.js';
import type { RouteCounters } from '../ports/event-sink.js';
import { type HeldValue, retentionMs, type StoredResponse } from '../ports/stored-response.js';
import type { Counted, Held } from './keyed.js';
import type { TagReasons } from './tag-reasons.js';

/** What a stored response costs beside its bytes: the objects around it and its places in maps. */
const OVERHEAD = 900;
/** A tag that was declared: its record, its places in map and lists, and the head of its text. */
const TAG_OVERHEAD = 180;
/** A coding of the body: its objects, and the header array that is kept for it. */
const CODED_OVERHEAD = 600;
const NO_INPUTS: readonly string[] = [];
/** What a producer has read: the text, and its place in a list. */
const INPUT_OVERHEAD = 40;
/** A stamp of a shared store, and the object that ties it to its tag. */
const STAMP_OVERHEAD = 60;

/**
 * A stored response in L1, with what this process knows about it (PROTOCOL 4.5).
 *
 * A hit compares numbers in here and touches nothing else.
 */
export class LocalItem implements Held {
  /** The local clock at which the tags were last found unchanged. */
  checked: number;
  /** The records of the tags it was stored with while it is in L1; empty before and after. Those of its key are looked up. */
  records: readonly TagRecord[] = [];
  /** The tags it was made with, those of its key aside, where it was made here: it may have left L1 since, or never been in it. */
  declared: readonly string[] = [];
  /** Cached values went into it, whose tags are among its own. */
  hasParts = false;
  /** Why it has its tags, as far as that is known: only where it was made. */
  reasons: TagReasons | undefined;
  /** It has answered since its URL last had to choose a variant to part with. */
  hasAnswered = false;
  /** It had answered before that. */
  wasOfUse = false;
  /**
   * One of its tags was invalidated, while it was made or since: it answers who had waited before that, or where its
   * handler fails, and may be kept by nobody.
   */
  isOutdated = false;
  /** Which of this process's runs has made it: one that began later has a higher number. 0 where that is not known. */
  run = 0;
  /** Whoever made it wants it kept by nobody: nor what is made of it. */
  staysApart = false;
  /** The last header array that was written for it, by whom, and for which second of Age: kept by whoever writes hits. */
  head: readonly string[] | undefined = undefined;
  headStyle: object | undefined = undefined;
  headAge = -1;
  /** Its body in content codings, once they are made. */
  coded: readonly CodedBody[] | undefined = undefined;
  /** What its bytes stand for, once somebody has read them: see {@link StoredResponse.held}. */
  held: HeldValue | undefined;
  /** By which of a caller's own names it is found, without its key. */
  shortcut: { leave(): void } | undefined = undefined;
  counted: Counted | undefined = undefined;

  constructor(
    readonly stored: StoredResponse,
    /** The key of the target URI, without selecting values. */
    readonly target: string,
    /** The local token under which the data was read. */
    public token: number,
    /** Monotonic time before the read or commit was sent that last found it valid in the shared store. */
    public verifiedAt: number,
    /** Monotonic time at which the response was generated. */
    readonly generatedAt: number,
    readonly counters: RouteCounters,
  ) {
    this.checked = token;
    this.held = stored.held;
  }

  /** Monotonic time from which the response is stale. */
  get freshUntil(): number {
    return this.generatedAt + this.stored.lifetimeMs;
  }

  /** Monotonic time from which it is of no use to anybody. */
  get keptUntil(): number {
    return this.generatedAt + retentionMs(this.stored);
  }

  /**
   * Bytes it is counted with against the store's limit: an upper bound.
   *
   * Each response pays for its tags in full, though those that share a tag share its record: who brought it in may leave
   * first, or be the one that this replaces.
   */
  get weight(): number {
    const { stored, target } = this;
    let bytes = stored.body.length + OVERHEAD + stored.key.length * 2;
    if (target !== stored.key) bytes += target.length * 2;
    for (const line of stored.headers) bytes += line.length;
    for (const { tag } of this.records) bytes += TAG_OVERHEAD + tag.length * 2;
    for (const { stamp } of stored.tags) bytes += STAMP_OVERHEAD + stamp.length;
    for (const input of stored.inputs ?? NO_INPUTS) bytes += INPUT_OVERHEAD + input.length * 2;
    if (this.reasons !== undefined) bytes += this.reasons.bytes;
    if (this.held !== undefined) bytes += this.held.bytes;
    if (this.coded !== undefined) for (const { body } of this.coded) bytes += CODED_OVERHEAD + body.length;
    return bytes;
  }
}

/** A stored response that may not answer by itself any more, and what it may still be used for. */
export interface StaleItem {
  readonly item: LocalItem;
  /**
   * `'valid'`: merely past its lifetime, so that it may answer while it is revalidated, and a 304 may freshen it (PROTOCOL
   * 4.10). `'stale'`: one of its tags was invalidated; only where the handler fails may it answer.
   */
  readonly validity: 'valid' | 'stale';
  /** The tags it was stored with, those of its key aside: it may leave L1 meanwhile, and forget them. */
  readonly tags: readonly string[];
}
