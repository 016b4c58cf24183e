import { AsyncLocalStorage } from 'node:async_hooks';
import { type Duration, parseDuration } from '../base/duration.js';
import { warnOnce } from '../base/process-warning.js';
import { isToken } from '../http/syntax.js';
import { isTag } from '../invalidation/tags.js';
import type { InputHearer } from './input-hearer.js';
import type { NestedTag } from './nested-tag.js';
import type { View } from './view.js';

/** One run waits for what another one makes. */
export interface Wait {
  /** The run that is waited for; `undefined` while it has not begun. */
  readonly maker: ViewContext | undefined;
}

/** The view context of one run of a handler: what {@link View} collects. */
export class ViewContext implements View {
  readonly #onRefusal: (reason: NonNullable<ViewContext['refusal']>) => void;
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
  #nested: Map<string, NestedTag> | undefined;
  /** How many levels of values were made inside of one another here: a recursion goes deep. */
  depth = 0;
  /** Monotonic time at which the oldest of what was used here was last found valid. */
  nestedVerifiedAt = Number.POSITIVE_INFINITY;
  /** Whose tags those of nested results are: a cache knows nothing of what another one has invalidated. */
  home: object | undefined;
  /** The view context that this one runs inside of. */
  outer: ViewContext | undefined = storage.getStore();
  /** The text of the key that is being made, where that is a value's. */
  making: string | undefined;
  /** The keys of those that are made with one run, where it makes several. */
  makingMany: ReadonlySet<string> | undefined;
  /** The run that does this one's work together with that of others, until it is done. */
  worker: ViewContext | undefined;
  /** What this run waits for. */
  #waits: Set<Wait> | undefined;
  /** Why the view may not be stored, once something said so. */
  refusal: 'view' | 'tag' | 'too-many-tags' | 'ttl' | 'vary-star' | 'stale-part' | undefined;
  /** It has begun, and {@link end} was not called. */
  #isOpen = false;

  /** @param onRefusal - told at once when the view says that it may not be stored */
  constructor(onRefusal: (reason: NonNullable<ViewContext['refusal']>) => void = () => {}) {
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
    return this.#nested === undefined ? NO_NESTED : [...this.#nested.values()];
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
    this.#absorb(
      tags.map((nested) => [`${nested.stamp ?? '\0'} ${nested.tag}`, nested]),
      verifiedAt,
    );
  }

  /** {@link absorb} of all that another run has used: to put the names of thousands together anew takes most of it. */
  absorbAll(home: object, other: ViewContext): void {
    this.depth = Math.max(this.depth, other.depth + 1);
    if (home !== this.home) this.absorb(home, other.nested, other.nestedVerifiedAt);
    else this.#absorb(other.#nested ?? [], other.nestedVerifiedAt);
  }

  #absorb(parts: Iterable<readonly [string, NestedTag]>, verifiedAt: number): void {
    this.nestedVerifiedAt = Math.min(this.nestedVerifiedAt, verifiedAt);
    this.#nested ??= new Map();
    for (const [id, nested] of parts) {
      // Two results that were read at different times: what is stored of both is as old as the older one.
      const known = this.#nested.get(id);
      if (known === undefined || nested.token < known.token) this.#nested.set(id, nested);
    }
  }

  /** Depends on these tags as they are from now on: what was read of them is no older than this view's own token. */
  dependOnNow(home: object, tags: readonly string[]): void {
    this.absorb(
      home,
      tags.map((tag) => ({ tag, token: Number.POSITIVE_INFINITY, stamp: undefined })),
    );
  }

  /**
   * Has one tag stand for all nested ones that begin with `front`, where there are more than so many of these and each is
   * good now. For a cache without a shared store, which alone would know how new the one tag is.
   */
  gather(front: string, limit: number, tag: string, isGood: (nested: NestedTag) => boolean): void {
    if (this.#nested === undefined || this.#nested.size <= limit) return;
    const ones = [...this.#nested].filter(([, nested]) => nested.tag.startsWith(front));
    if (ones.length <= limit || !ones.every(([, nested]) => isGood(nested))) return;
    for (const [id] of ones) this.#nested.delete(id);
    // As of the view's own token: what the tag stood for before that is good in spite of it.
    this.#nested.set(` ${tag}`, { tag, token: Number.POSITIVE_INFINITY, stamp: undefined });
  }

  /** What a producer has read of the request that it runs for, by itself or in what it used. */
  get inputs(): readonly string[] | undefined {
    return this.#inputs === undefined ? undefined : [...this.#inputs];
  }

  /** What is made here is for the request alone that it is made for: no key says what the field of a request was. */
  get isSelected(): boolean {
    return this.varyNames.size > 0 || this.variesByAll || this.selectedBy !== undefined;
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

  /**
   * Notes that this run waits for something, and with it whatever it runs inside of.
   *
   * @returns ends it
   */
  wait(wait: Wait): () => void {
    const waiting: ViewContext[] = [];
    for (let context: ViewContext | undefined = this; context !== undefined; context = context.outer) {
      context.#waits ??= new Set();
      context.#waits.add(wait);
      waiting.push(context);
      // Whoever asked for what this one makes has noted that.
      if (context.making !== undefined || context.makingMany !== undefined) break;
    }
    return () => {
      for (const context of waiting) context.#waits?.delete(wait);
    };
  }

  /** Whether another run, or one that it waits for, waits for what is made by this one or around it: each would wait for the other. */
  isAwaitedBy(other: ViewContext | undefined): boolean {
    if (other === undefined) return false;
    const mine = new Set<ViewContext>();
    for (let context: ViewContext | undefined = this; context !== undefined; context = context.outer) mine.add(context);
    const others = new Set([other]);
    for (const context of others) {
      if (mine.has(context)) return true;
      for (const { maker } of context.#waits ?? []) if (maker !== undefined) others.add(maker);
    }
    return false;
  }

  /** Takes over all that another run has said and used, which has done this one's work. */
  takeOver(other: ViewContext): void {
    if (other.refusal !== undefined) this.refuse(other.refusal);
    if (other.lifetimeMs !== undefined) this.lifetimeMs = other.lifetimeMs;
    this.dependsOn(...other.tags);
    this.varyOn(...other.varyNames, ...(other.variesByAll ? ['*'] : []));
    if (other.home !== undefined) this.absorbAll(other.home, other);
    if (other.inputs !== undefined) this.keepInputs(other.inputs);
    this.selectedBy ??= other.selectedBy;
  }

  /** Something is going to run in it. */
  begin(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    shared.open++;
  }

  /** What is said from now on is heard by nobody: its response has been made. To be left out where nobody knows when that is. */
  end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    shared.open--;
  }

  /** Keeps the response from being stored; the first reason counts. */
  refuse(reason: NonNullable<ViewContext['refusal']>): void {
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
    }
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
const OF_ANOTHER =
  'what one cache keeps is made of a value out of another cache: it hears only of tags that you name, and only if you invalidate them in its own cache too; keep both in one cache';

// Two copies of the package in one process must see one another's views.
const slot = Symbol.for('viewcache.view-context');
const copies = globalThis as { [slot]?: { readonly storage: AsyncLocalStorage<ViewContext>; open: number } };
copies[slot] ??= { storage: new AsyncLocalStorage<ViewContext>(), open: 0 };
/** `open`: how many view contexts have begun that somebody is going to ask what was said in them. */
const shared = copies[slot];
const { storage } = shared;

/** {@link runInView} for a context that has begun. Bound, as a function around it would be one more on the stack. */
export const enterView: <Args extends unknown[], T>(
  context: ViewContext,
  run: (...args: Args) => T,
  ...args: Args
) => T = storage.run.bind(storage);

/** Runs a handler, and all it starts, inside its view context. */
export function runInView<T>(context: ViewContext, run: () => T): T {
  context.begin();
  return storage.run(context, run);
}

/** The view context that is running now. */
export function currentView(): ViewContext | undefined {
  return storage.getStore();
}

/** Whether there is a view context that anybody has still to hear from: to ask for it costs as much as to look a value up. */
export function isInView(): boolean {
  return shared.open > 0 && storage.getStore() !== undefined;
}
