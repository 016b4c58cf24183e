import { type Duration, parseDuration } from '../base/duration.js';
import { warnOnce } from '../base/process-warning.js';
import { isToken } from '../http/syntax.js';
import { groupOf, isTag } from '../invalidation/tags.js';
import type { InputHearer } from './input-hearer.js';
import { asOfNow, type NestedTag } from './nested-tag.js';
import { NestedTags, OF_ANOTHER } from './nested-tags.js';
import { type ReadReason, TagReasons } from './tag-reasons.js';
import type { View } from './view.js';
import type { ReadRefusal, ViewRefusal } from './view-refusal.js';
// biome-ignore lint/suspicious/noImportCycles: the storage holds contexts, and a context asks which one it runs in.
import { currentView, enterView, nextMoment, views } from './view-storage.js';
import type { Wait } from './waits.js';

/** The view context of one run of a handler: what {@link View} collects. */
export class ViewContext implements View {
  readonly #onRefusal: (reason: ViewRefusal) => void;
  lifetimeMs: number | undefined;
  /** Who hears of what is read here of a request; absent where nobody does. */
  hearer: InputHearer | undefined;
  /** What runs here is a value's producer, and no handler. */
  isProducer = false;
  #inputs: Set<string> | undefined;
  /** An input that selects among variants, which a value has none of. */
  selectedBy: string | undefined;
  /** Nobody knows what it varies by, whatever else was said before. */
  variesByAll = false;
  // Most views declare neither; a set for nothing is a good part of what a view costs.
  #tags: Set<string> | undefined;
  #varyNames: Set<string> | undefined;
  #nested: NestedTags | undefined;
  /** How many levels of values were made inside of one another here: a recursion goes deep. */
  depth = 0;
  /** Monotonic time at which the oldest of what was used here was last found valid. */
  nestedVerifiedAt = Number.POSITIVE_INFINITY;
  /** Whose tags those of nested results are: a cache knows nothing of what another one has invalidated. */
  home: object | undefined;
  /** The view context that this one runs inside of. */
  outer: ViewContext | undefined = currentView();
  /** The text of the key that is being made, where that is a value's. */
  making: string | undefined;
  /** The keys of those that are made with one run, where it makes several. */
  makingMany: ReadonlySet<string> | undefined;
  /** The run that does this one's work together with that of others, until it is done. */
  worker: ViewContext | undefined;
  /** What this run waits for. */
  waits: Set<Wait> | undefined;
  /** Why the view may not be stored, once something said so. */
  refusal: ViewRefusal | undefined;
  /** It has begun, and {@link end} was not called. */
  #isOpen = false;
  /** What is said from now on is heard by nobody. */
  #isOver = false;
  /** What is read of the data sources that are watched is among its tags. */
  tracksReads = false;
  /** Why it has the tags it has, and what it is made of that has none; absent where nothing is to be told. */
  reasons: TagReasons | undefined;
  /** Monotonic time until which the shortest-lived of the cached values that were used here is fresh. */
  partsUntil = Number.POSITIVE_INFINITY;
  /** When it began, as {@link nextMoment} counts. */
  began = 0;
  /** What was read here is for whoever has asked, and for nobody who waits: it may be there for nobody else. */
  isPrivate = false;
  #refusedRead: { readonly reason: ReadRefusal; readonly since: number } | undefined;

  /** @param onRefusal - told at once when the view says that it may not be stored */
  constructor(onRefusal: (reason: ViewRefusal) => void = () => {}) {
    this.#onRefusal = onRefusal;
  }

  get tags(): ReadonlySet<string> {
    return this.#tags ?? NOTHING;
  }

  get varyNames(): ReadonlySet<string> {
    return this.#varyNames ?? NOTHING;
  }

  /** The tags of what was cached already and was used here, each with when it was read (PROTOCOL 4.9). */
  get nested(): readonly NestedTag[] {
    return this.#nested?.all ?? NO_NESTED;
  }

  /**
   * Takes over the tags of something cached that was used here.
   *
   * @param home - the tag table of its cache: of another one only what the user named means anything here
   * @param verifiedAt - monotonic time at which it was last found valid, where that was before this view began
   */
  absorb(home: object, tags: readonly NestedTag[], verifiedAt = Number.POSITIVE_INFINITY): void {
    if (home !== this.home) {
      if (this.home !== undefined) warnOnce(OF_ANOTHER);
      this.dependsOn(...tags.map(({ tag }) => tag).filter(isTag));
      return;
    }
    this.#used(verifiedAt).add(tags);
  }

  /** {@link absorb} of all that another run has used: to put the names of thousands together anew takes most of it. */
  absorbAll(home: object, other: ViewContext): void {
    this.depth = Math.max(this.depth, other.depth + 1);
    if (home !== this.home) this.absorb(home, other.nested, other.nestedVerifiedAt);
    else this.#used(other.nestedVerifiedAt).addAll(other.#nested);
  }

  #used(verifiedAt: number): NestedTags {
    this.nestedVerifiedAt = Math.min(this.nestedVerifiedAt, verifiedAt);
    this.#nested ??= new NestedTags();
    return this.#nested;
  }

  /** Depends on these tags as they are from now on: what was read of them is no older than this view's own token. */
  dependOnNow(home: object, tags: readonly string[]): void {
    this.absorb(home, tags.map(asOfNow));
  }

  /** {@link NestedTags.gather}, for a cache without a shared store, which alone would know how new the one tag is. */
  gather(front: string, limit: number, tag: string, isGood: (nested: NestedTag) => boolean): void {
    this.#nested?.gather(front, limit, tag, isGood);
  }

  /** What a producer has read of the request that it runs for, by itself or in what it used. */
  get inputs(): readonly string[] | undefined {
    return this.#inputs === undefined ? undefined : [...this.#inputs];
  }

  /** What is made here is for the call alone that it is made for: no key says what the field of a request was, or what a transaction sees. */
  get isSelected(): boolean {
    return this.varyNames.size > 0 || this.variesByAll || this.selectedBy !== undefined || this.isPrivate;
  }

  /** Something that an invalidation can name goes into it: a tag that was declared or read, here or in what was used. */
  get isTagged(): boolean {
    return this.#tags !== undefined || this.#nested?.isNamed === true;
  }

  /** The text of a key that is being made here. */
  get made(): string | undefined {
    return this.making ?? this.makingMany?.values().next().value;
  }

  /**
   * Notes what was read of the request, for the value that is being made here and those that it is made for.
   *
   * @param isSelecting - the value may be given to no request but this one
   */
  read(input: string, isSelecting: boolean): void {
    for (let run: ViewContext | undefined = this; run?.isProducer === true; run = run.outer) {
      run.keepInputs([input]);
      if (isSelecting) run.selectedBy ??= input;
    }
  }

  /**
   * Takes over what the producer of something cached has read, which is used here: it is as if it were read here.
   *
   * @param text - the key of what is used
   */
  readBy(inputs: readonly string[], text: string): void {
    let run: ViewContext | undefined = this;
    for (; run?.isProducer === true; run = run.outer) run.keepInputs(inputs);
    run?.hearer?.noteUsed(inputs, text);
  }

  /** What is made here is made of these, too. */
  keepInputs(inputs: readonly string[]): void {
    this.#inputs ??= new Set();
    for (const input of inputs) this.#inputs.add(input);
  }

  /**
   * Whether a value of this key is being made by whoever runs here: it would wait for itself.
   *
   * @param home - the tag table of its cache: another one may well have a value of the same key
   */
  isMaking(home: object, text: string): boolean {
    for (let context: ViewContext | undefined = this; context !== undefined; context = context.outer) {
      if (context.home === home && (context.making === text || context.makingMany?.has(text) === true)) return true;
    }
    return false;
  }

  /** Takes over all that another run has said and used, which has done this one's work. */
  takeOver(other: ViewContext): void {
    if (other.refusal !== undefined) this.refuse(other.refusal);
    if (other.lifetimeMs !== undefined) this.lifetimeMs = other.lifetimeMs;
    this.inherit(other.tags, other.reasons, other.partsUntil);
    if (other.#refusedRead !== undefined) this.refuseRead(other.#refusedRead.reason, other.#refusedRead.since);
    this.varyOn(...other.varyNames, ...(other.variesByAll ? ['*'] : []));
    if (other.home !== undefined) this.absorbAll(other.home, other);
    if (other.inputs !== undefined) this.keepInputs(other.inputs);
    this.selectedBy ??= other.selectedBy;
  }

  /**
   * Depends on what was read of a data source that is watched.
   *
   * @param home - the tag table of the cache that hears of what is written to it
   */
  record(home: object, tags: readonly string[], reason: ReadReason): void {
    if (this.#isOver || !this.#tracks(home)) return;
    const reasons = this.#explained();
    this.#tags ??= new Set();
    for (const tag of tags) {
      const isKnown = this.#tags.has(tag);
      if (isKnown || isTag(tag)) {
        reasons.read(tag, reason, isKnown);
        this.#tags.add(tag);
        continue;
      }
      // A key that is too long, or has a line break in it, names no row: its whole table does.
      const group = groupOf(tag);
      if (isTag(group)) this.record(home, [group, `${group}!bulk`], reason);
      else this.refuse('tag');
    }
  }

  /** Another cache hears nothing of it, and hands on what it was told to whatever of this one it is made for. */
  #tracks(home: object): boolean {
    let run: ViewContext | undefined = this;
    while (run !== undefined && run.home !== home) run = run.outer;
    return run?.tracksReads === true;
  }

  /**
   * Has nothing be stored of what is read here, nor handed to those who wait.
   *
   * @param since - what began no later than that may be: it is as old as what was read
   */
  refuseRead(reason: ReadRefusal, since: number): void {
    for (let run: ViewContext | undefined = this; run !== undefined && run.began > since; run = run.outer)
      run.refuseReadHere(reason, since);
  }

  /** {@link refuseRead} of this one alone. */
  refuseReadHere(reason: ReadRefusal, since: number): void {
    if (this.#isOver) return;
    this.isPrivate = true;
    if (this.#refusedRead === undefined || since < this.#refusedRead.since) this.#refusedRead = { reason, since };
    this.refuse(reason);
  }

  /**
   * Is made of something that is kept under this key.
   *
   * @param until - monotonic time at which that ends
   * @param made - the run that has made it just now
   */
  usePart(key: string, tags: readonly string[], until: number, made?: ViewContext): void {
    this.partsUntil = Math.min(this.partsUntil, until, made?.partsUntil ?? until);
    if (!this.tracksReads) return;
    const reasons = this.#explained();
    reasons.part(key, tags);
    if (made?.reasons !== undefined) reasons.partsOf(made.reasons);
  }

  #explained(): TagReasons {
    this.reasons ??= new TagReasons(this.tracksReads);
    return this.reasons;
  }

  /** Takes over what was declared and read elsewhere for what is made here. */
  inherit(tags: Iterable<string>, reasons: TagReasons | undefined, partsUntil: number): void {
    if (reasons !== undefined) this.#explained().takeOver(reasons);
    this.partsUntil = Math.min(this.partsUntil, partsUntil);
    for (const tag of tags) {
      this.#tags ??= new Set();
      this.#tags.add(tag);
    }
  }

  /** Something is going to run in it. */
  begin(): void {
    if (this.#isOpen || this.#isOver) return;
    this.#isOpen = true;
    this.began = nextMoment();
    views.open++;
  }

  /** What is said from now on is heard by nobody: its response has been made. To be left out where nobody knows when that is. */
  end(): void {
    this.#isOver = true;
    if (!this.#isOpen) return;
    this.#isOpen = false;
    views.open--;
  }

  /** Keeps the response from being stored; the first reason counts. */
  refuse(reason: ViewRefusal): void {
    if (this.refusal !== undefined) return;
    this.refusal = reason;
    this.#onRefusal(reason);
  }

  dependsOn(...tags: string[]): View {
    for (const tag of tags) {
      // A wrong tag is a bug of the app's; its visitor is answered all the same, and what depends on who knows what is not stored.
      if (!isTag(tag)) {
        this.refuse('tag');
        continue;
      }
      this.#tags ??= new Set();
      this.#tags.add(tag);
      this.reasons?.declare(tag);
    }
    return this;
  }

  untracked(why: string): View {
    this.#explained().leaveUntracked(typeof why === 'string' && why !== '' ? why : '(it was not said what)');
    return this;
  }

  ttl(duration: Duration): View {
    try {
      this.lifetimeMs = duration === 'forever' ? Number.POSITIVE_INFINITY : parseDuration('view().ttl', duration);
    } catch (error) {
      // As above: the visitor is answered, and whoever reads the log learns of it.
      this.refuse('ttl');
      warnOnce(error instanceof Error ? error.message : String(error));
    }
    return this;
  }

  doNotStore(): View {
    this.refuse('view');
    return this;
  }

  varyOn(...headerNames: string[]): View {
    for (const name of headerNames) {
      // What cannot be a field's name, and `*`, say that nobody knows what selects: as in Vary itself (RFC 9111 §4.1).
      if (typeof name !== 'string' || name === '*' || !isToken(name)) {
        this.variesByAll = true;
        this.refuse('vary-star');
        continue;
      }
      this.#varyNames ??= new Set();
      this.#varyNames.add(name.toLowerCase());
    }
    return this;
  }
}

const NOTHING: ReadonlySet<string> = new Set();
const NO_NESTED: readonly NestedTag[] = [];

/** Runs a handler, and all it starts, inside its view context. */
export function runInView<T>(context: ViewContext, run: () => T): T {
  context.begin();
  return enterView(context, run);
}
