import type { ContentCoding } from '../http/content-coding.js';
import type { Forward, Refusal } from '../ports/event-sink.js';
import type { HeldValue, Placeholder, StaleLimits } from '../ports/stored-response.js';
import type { SharedToken } from '../ports/tagged-store.js';
import type { Failure } from './failure.js';
// biome-ignore lint/suspicious/noImportCycles: a lead is a visitor's, and a visitor leads: two halves of one handshake.
import type { Flight, Visitor } from './flight.js';
import type { Keyed } from './keyed.js';
import type { LocalItem, StaleItem } from './local-item.js';
import type { NestedTag } from './nested-tag.js';
import type { TagReasons } from './tag-reasons.js';
import type { Turn } from './turn.js';

/** A run of a handler that went on inside another's. */
export interface Begun {
  /** The shared store's token before anything was read; `undefined` where it gave none. */
  readonly sharedToken: SharedToken | undefined;
  /** Monotonic time before the read that took it was sent. */
  readonly startedAt: number;
}

/** A finished response that is offered for storing: everything parsed once, here, so that no hit has to. */
export interface Candidate {
  readonly status: number;
  readonly headers: readonly string[];
  /** Fields of outer middleware that the handler took away, lower case. */
  readonly removes: readonly string[];
  readonly body: Buffer;
  /** Names of selecting headers, lower case. */
  readonly selecting: readonly string[];
  /** Tags the user's code declared, already within the limit. */
  readonly tags: readonly string[];
  readonly lifetimeMs: number;
  /** How old it was when it was received (RFC 9111 §4.2.3), in milliseconds; 0 for what was made here. */
  readonly initialAgeMs?: number;
  readonly stale?: StaleLimits | undefined;
  readonly etag: string | undefined;
  readonly lastModified: number | undefined;
  readonly route: string;
  readonly producerMs: number;
  readonly placeholders: readonly Placeholder[];
  /** Content codings to keep it in, too. */
  readonly codings?: readonly ContentCoding[] | undefined;
  /** Tags of what was cached already and went into this: each was read when it was read. */
  readonly nested?: readonly NestedTag[];
  /** Monotonic time at which the oldest of these was last found valid. */
  readonly nestedVerifiedAt?: number;
  /** The run within which this one began: what that has read is in here, too, and is as old as that. */
  readonly begun?: Begun | undefined;
  /** The value itself, where it is no response. */
  readonly held?: HeldValue | undefined;
  /** Why it has its tags, where that is to be told. */
  readonly reasons?: TagReasons | undefined;
  /** What was read of a request to make it. */
  readonly inputs?: readonly string[] | undefined;
}

/** The tags of what is made: those that were declared for it, and those of what it was made of. */
export type Tags = Pick<Candidate, 'tags' | 'nested'>;

/** Places among the variants of a target for values of one selecting header. */
export type Room = 'some' | 'last' | 'none';

/** What the engine has to hear from a leader, sooner or later, exactly once. */
export interface LeadOwner {
  /** Whether there is a store that other processes write to. */
  readonly isShared: boolean;
  complete(lead: Lead, candidate: Candidate, onTold?: () => void): void;
  refuse(lead: Lead, reason: Refusal, route: string, detail?: string): void;
  /** Nothing was made: those who wait hear why. */
  fail(lead: Lead, failure: Failure): void;
  /** What may answer those who wait, and nobody else. */
  handOut(lead: Lead, candidate: Candidate, staysApart: boolean): void;
  /** Another cached view, further inside, answers in its place. */
  withdraw(lead: Lead): void;
  /** It comes to nothing: those who wait go on together. */
  handOver(lead: Lead): void;
  /** Answers those who wait and may share the read that found the item. */
  share(lead: Lead, item: LocalItem): void;
  /** Whether there is a place for one more value of a selecting header, and whether that was the last. */
  makeRoom(lead: Lead, name: string, limit: number): Room;
  /** Whether what is read under the lead's token may still be stored with these tags. */
  admits(lead: Lead, tags: Tags): boolean;
  /** Whether a run that began later has made what is stored by now. */
  isOvertaken(lead: Lead): boolean;
}

/** On what terms a visitor leads. */
export interface LeadTerms {
  /** The local clock before anything was read. */
  readonly token: number;
  /** The shared store's token; `undefined` without a shared store, or when it did not answer. */
  readonly sharedToken: SharedToken | undefined;
  /** Monotonic time before the read that took the token was sent. */
  readonly startedAt: number;
  /** Why the request goes to the handler (`fwd`, RFC 9211 §2.2). */
  readonly fwd: Forward;
  /** Those who wait; `undefined` for a visitor who runs on its own. */
  readonly flight: Flight | undefined;
  /** What is stored for the request and was found not to be fresh, by the read that took the token. */
  readonly stale: StaleItem | undefined;
  /** The lease under which the handler runs for all processes. */
  readonly turn?: Turn | undefined;
  /** Another process runs its handler for this already. */
  readonly isElsewhere?: boolean | undefined;
  /** Milliseconds that a shared store took to say that it has nothing; 0 where there is none, or it has not answered. */
  readonly lookupMs?: number;
}

/**
 * The right, and the duty, of one visitor to run the handler of a key.
 *
 * It carries the fill token, which was taken before the handler could read anything. Whatever happens, the first of
 * {@link complete} and {@link refuse} counts and later ones do nothing.
 */
export class Lead implements LeadTerms {
  static #runs = 0;
  /** Which run of a handler it is: of two in this process the one that begins later has the higher number. */
  readonly run = ++Lead.#runs;
  readonly visitor: Visitor;
  readonly token: number;
  readonly sharedToken: SharedToken | undefined;
  readonly startedAt: number;
  readonly fwd: Forward;
  readonly flight: Flight | undefined;
  readonly stale: StaleItem | undefined;
  readonly turn: Turn | undefined;
  readonly isElsewhere: boolean;
  readonly lookupMs: number;
  /** Why nothing is stored, once that is known: the first reason is the one that is counted. */
  refusal: Refusal | undefined;
  #isSettled = false;
  readonly #owner: LeadOwner;

  constructor(owner: LeadOwner, visitor: Visitor, terms: LeadTerms) {
    this.#owner = owner;
    this.visitor = visitor;
    this.token = terms.token;
    this.sharedToken = terms.sharedToken;
    this.startedAt = terms.startedAt;
    this.fwd = terms.fwd;
    this.flight = terms.flight;
    this.stale = terms.stale;
    this.turn = terms.turn;
    this.isElsewhere = terms.isElsewhere ?? false;
    this.lookupMs = terms.lookupMs ?? 0;
  }

  get key(): Keyed {
    return this.visitor.key;
  }

  /** What a 304 may freshen: nothing but what was valid in the read that took the token (PROTOCOL 4.10). */
  get freshenable(): StaleItem | undefined {
    if (this.stale?.validity !== 'valid') return undefined;
    // Of what this process has at hand others may know better, whom nobody has asked.
    return this.sharedToken !== undefined || !this.#owner.isShared ? this.stale : undefined;
  }

  /** Whether anybody waits for this response now. */
  get hasWaiters(): boolean {
    return !this.#isSettled && this.flight !== undefined && this.flight.waiters.length > 0;
  }

  /**
   * Whether the visitor's value of a selecting header has a place among the variants of the target, of which no more
   * than so many may differ by it. One that has answered nobody leaves for it; `last` where none is left after it.
   */
  makeRoom(name: string, limit: number): Room {
    return this.#owner.makeRoom(this, name, limit);
  }

  /** Whether a response with these tags could be stored now: none was invalidated since what it stands for was read. */
  admits(tags: Tags): boolean {
    return this.#owner.admits(this, tags);
  }

  /** Whether a run that began later has made what is stored by now, as far as that can be told before the response is whole. */
  get isOvertaken(): boolean {
    return this.#owner.isOvertaken(this);
  }

  /**
   * The handler has answered with something that may be stored.
   *
   * @param onTold - called when a shared store has heard of it, or its deadline has passed; at once where there is none
   */
  complete(candidate: Candidate, onTold?: () => void): void {
    if (this.#isSettled) {
      onTold?.();
      return;
    }
    this.#isSettled = true;
    this.#owner.complete(this, candidate, onTold);
  }

  /** The response will not be stored; known as early as it can be, so that nobody waits in vain. */
  refuse(reason: Refusal, route: string, detail?: string): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.refusal = reason;
    this.#owner.refuse(this, reason, route, detail);
  }

  /** What the producer threw is what those who wait are told, as far as they may share what it has read; nothing is stored. */
  fail(failure: Failure): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#owner.fail(this, failure);
  }

  /**
   * Not to be stored, and an answer all the same to those who wait, as far as they may share what it was made of.
   *
   * @param staysApart - nothing that is made of it may be stored either
   */
  handOut(candidate: Candidate, staysApart = false): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#owner.handOut(this, candidate, staysApart);
  }

  /** Gives the lead up in favour of a cached view further inside: those who wait go on to it by themselves. */
  withdraw(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#owner.withdraw(this);
  }

  /** Gives the lead back unused: one of those who wait, or come, takes it. */
  handOver(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#owner.handOver(this);
  }

  /** Answers those who wait with what the leader was answered with, as far as they may share the read that found it. */
  share(item: LocalItem): void {
    if (!this.#isSettled) this.#owner.share(this, item);
  }
}
