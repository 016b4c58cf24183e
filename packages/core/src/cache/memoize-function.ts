import { begun, ignoreRejection, saysTrue } from '../base/answer.js';
import { readForever } from '../config/lifetimes.js';
import type { MemoOptions, MemoPolicy } from '../config/memo-options.js';
import type { FillToken } from '../engine/fill-token.js';
import { type OwnName, Shortcuts } from '../engine/shortcuts.js';
import type { StaleUses } from '../engine/stale-uses.js';
import { currentView } from '../engine/view-storage.js';
import { Unencodable } from '../values/arguments.js';
import type { Caller } from '../values/caller.js';
import { copyOf, hold } from '../values/copies.js';
import { NOTHING_FOUND } from '../values/delivery.js';
import { MemoCall } from '../values/memo-call.js';
import type { MemoKey, MemoScope } from '../values/memo-key.js';
import type { MemoRecord } from '../values/memo-names.js';
import {
  BrokenOff,
  type Collected,
  collect,
  collectNow,
  kindOfResult,
  type ResultKind,
  replay,
  replayNow,
} from '../values/memo-results.js';
import type { MemoSizes } from '../values/memo-sizes.js';
import type { ProducerRun } from '../values/producer.js';
import type { ValuePolicy } from '../values/value-policy.js';
import type { Values } from '../values/values.js';
import { MemoKeys } from './memoize-keys.js';

/** Results of one function that another one may be made of before they are named by one tag together. */
const MOST_NAMED = 64;

/** Options that were read, to be asked with the arguments. */
type Options = Readonly<Partial<Record<keyof MemoOptions, unknown>>>;
type OfResult<T> = (result: unknown, ...args: readonly unknown[]) => T;

/** What a memoized function stands on. */
export interface MemoParts {
  readonly fn: (...args: readonly unknown[]) => unknown;
  readonly record: MemoRecord;
  readonly scope: MemoScope;
  readonly sizes: MemoSizes;
  readonly values: Values;
  readonly given: Options;
  readonly policy: MemoPolicy;
  readonly kept: ValuePolicy;
  warn(message: string): void;
}

/** Answers the calls of one function from what it has returned. */
export class Memo {
  readonly #parts: MemoParts;
  readonly #uses: StaleUses<ValuePolicy>;
  /** A result that is found answers, whatever else the options say. */
  readonly #isPlain: boolean;
  /** Some option wants to see the result, with the arguments. */
  readonly #isDynamic: boolean;
  readonly #isShared: boolean;
  readonly #keys: MemoKeys;
  /** A result that is found is the answer to a call as it is: there is nothing else to ask first, and nothing to go through. */
  readonly #mayHurry: boolean;
  readonly #shortcuts = new Shortcuts();
  #forced: Memo | undefined;

  constructor(parts: MemoParts) {
    this.#parts = parts;
    const { ttl, tags, storeIf, isStale, forceRefresh, earlyRefresh } = parts.given;
    this.#isPlain = forceRefresh !== true && isStale === undefined && earlyRefresh === undefined;
    this.#isDynamic = [ttl, tags, storeIf, isStale].some((option) => typeof option === 'function');
    this.#isShared = parts.values.parts.engine.isShared;
    this.#keys = new MemoKeys(parts.scope, parts.record, parts.policy, this.#isShared);
    this.#mayHurry = this.#isPlain && parts.policy.when === undefined;
    const { errorLifetimeMs } = parts.kept;
    this.#uses = parts.values.uses({
      ...parts.kept,
      errorLifetimeMs: (error) => errorLifetimeMs(error instanceof BrokenOff ? error.error : error),
    });
  }

  /**
   * The same, to answer calls by running the function whatever is stored. Apart, as whatever a call is told besides takes
   * room on the stack, of which a function that calls itself has little.
   */
  get forced(): Memo {
    const { given, kept } = this.#parts;
    this.#forced ??= new Memo({
      ...this.#parts,
      given: { ...given, forceRefresh: true },
      kept: { ...kept, isForced: true },
    });
    return this.#forced;
  }

  /** What the function would return, of the kind that it returns. */
  call(instance: unknown, args: readonly unknown[]): unknown {
    const { record, values, kept } = this.#parts;
    const name = this.#mayHurry ? this.#keys.nameOf(instance, args) : undefined;
    const known = name === undefined ? undefined : this.#shortcuts.get(name);
    if (known !== undefined && !record.isTaken) {
      const { quick } = values;
      const found =
        record.kind === 'promise'
          ? quick.promise(known, kept.copying)
          : record.kind === 'plain'
            ? quick.value(known, kept.copying)
            : NOTHING_FOUND;
      if (found !== NOTHING_FOUND) {
        this.#hit(known.item.target);
        return found;
      }
    }
    return this.#callSlowly(instance, args, name);
  }

  /** {@link call} by the text of a key. Holds as little as it can, as {@link Memo.#run} does. */
  #callSlowly(instance: unknown, args: readonly unknown[], name: OwnName | undefined): unknown {
    const key = this.#keyFor(instance, args);
    if (key === undefined) return this.#parts.fn.apply(instance, args as unknown[]);
    const { kind } = this.#parts.record;
    // Who answers from another process answers later, and what the caller is given must not be another thing for it.
    if (this.#isShared && kind !== 'promise' && kind !== 'stream') return this.#pass(key, instance, args);
    if (kind === 'promise' || kind === 'plain') return this.#ask(key, instance, args, name);
    return kind === undefined ? this.#askFirst(key, instance, args) : this.#replay(kind, key, instance, args);
  }

  /** The key of a call; `undefined` where it is passed on. */
  #keyFor(instance: unknown, args: readonly unknown[]): MemoKey | undefined {
    const { record, policy, values, scope, warn } = this.#parts;
    const { sink } = values.parts;
    const { when } = policy;
    if (record.isTaken) {
      sink.bypass(scope.front, 'name');
      return undefined;
    }
    if (
      when !== undefined &&
      !saysTrue(
        () => when(...args),
        (why) => warn(`when of ${record.name} ${why}, the call was not cached`),
      )
    ) {
      sink.bypass(scope.front, 'when');
      return undefined;
    }
    const key = this.#keys.of(instance, args);
    if (!(key instanceof Unencodable)) return key;
    const advice = key.position === undefined ? '' : `; ${adviceOn(key.position)}`;
    this.#warnOnce(`${record.name} was called with what cannot be part of a key, and not cached: ${key.what}${advice}`);
    sink.bypass(scope.front, 'arguments');
    return undefined;
  }

  #replay(kind: 'stream' | 'iterator', key: MemoKey, instance: unknown, args: readonly unknown[]): unknown {
    const ask = (): unknown => this.#ask(key, instance, args);
    return kind === 'stream' ? replay(ask, this.#copies) : replayNow(ask, this.#copies);
  }

  /** @throws {@link ConfigError} */
  keyOf(instance: object | undefined, args: readonly unknown[]): MemoKey {
    return this.#keys.checked(args, this.#keys.of(instance, args));
  }

  /** The tags by which results of these arguments are invalidated. */
  tagsOf(instance: object | undefined, args: readonly unknown[]): readonly string[] {
    const { scope } = this.#parts;
    const text = this.#keys.checked(args, this.#keys.arguments(args));
    const on = this.#keys.checked([instance], this.#keys.instance(instance));
    const tag = on === undefined ? scope.argumentsTag(text.trimmed) : scope.callTag(on, text.trimmed);
    return [tag, ...this.recursion];
  }

  /**
   * Stores what the function would return, in place of what it has: of its own tags, and of nothing else that it was made of.
   *
   * @param since - what was known before it was made
   * @returns false where it was not stored
   * @throws {@link ConfigError} (by rejection) for arguments that can be no part of a key
   */
  async put(
    instance: object | undefined,
    args: readonly unknown[],
    value: unknown,
    since: FillToken,
  ): Promise<boolean> {
    const { values, record } = this.#parts;
    const key = this.keyOf(instance, args);
    // Others would take it for a result of the function that has the name.
    if (record.isTaken) return false;
    const [written] = await values.write([{ key, value, since }], this.#usesFor(args).policy);
    return written === 'stored';
  }

  /** The tag of what was made of so many results that it names none of them, and depends on each. */
  get recursion(): readonly string[] {
    return this.#isShared ? [] : [this.#parts.scope.recursionTag];
  }

  /** Lets go of what is in memory; returns the tags by which the rest is purged. */
  clear(instance: object | undefined): readonly string[] {
    const { scope, record, sizes } = this.#parts;
    const on = this.#keys.checked([instance], this.#keys.instance(instance));
    if (on !== undefined) return [scope.instanceTag(on), ...this.recursion];
    sizes.clear();
    record.hits = 0;
    record.misses = 0;
    return [scope.tag];
  }

  info(): { readonly hits: number; readonly misses: number; readonly maxSize: number; readonly size: number } {
    const { record, policy, sizes } = this.#parts;
    return { hits: record.hits, misses: record.misses, maxSize: policy.maxSize, size: sizes.size };
  }

  /** What is found at once, or what becomes of asking: a promise where somebody has to be waited for. */
  #ask(key: MemoKey, instance: unknown, args: readonly unknown[], name?: OwnName): unknown {
    const found = this.#isPlain ? this.#find(key, name) : NOTHING_FOUND;
    if (found !== NOTHING_FOUND) return found;
    const call = this.#callOf(key);
    this.#callerOf(key, instance, args, call).ask();
    return call.answer(this.#parts.record.kind);
  }

  #find(key: MemoKey, name: OwnName | undefined): unknown {
    const { values, record, kept } = this.#parts;
    const found = values.find(key, kept.copying);
    if (found === NOTHING_FOUND) return found;
    if (name !== undefined) values.shortenIn(this.#shortcuts, key, name);
    this.#hit(key.text);
    return record.kind === 'promise' ? Promise.resolve(found) : found;
  }

  #callOf({ text }: MemoKey): MemoCall {
    return new MemoCall(this.#parts.record.kind, () => this.#hit(text));
  }

  #callerOf(key: MemoKey, instance: unknown, args: readonly unknown[], call: MemoCall): Caller {
    // Bound, as a function around it would be one more on the stack.
    const producer = this.#run.bind(this, key, instance, args, call);
    return this.#parts.values.caller(key, producer, this.#usesFor(args), call);
  }

  /** Of a function of which nobody knows what it returns. */
  #askFirst(key: MemoKey, instance: unknown, args: readonly unknown[]): unknown {
    const { record } = this.#parts;
    let answer: unknown;
    try {
      answer = this.#ask(key, instance, args);
    } catch (error) {
      if (!(error instanceof BrokenOff)) throw error;
      return replayNow(() => {
        throw error;
      }, this.#copies);
    }
    switch (record.kind as ResultKind | undefined) {
      case 'stream':
        // Nobody may ever go through it.
        ignoreRejection(answer);
        return replay(() => answer, this.#copies);
      case 'iterator':
        return replayNow(() => answer, this.#copies);
      default:
        return answer;
    }
  }

  /** Runs the function for this call alone, as nobody knows whether it returns a promise; and sees whether it does. */
  #pass(key: MemoKey, instance: unknown, args: readonly unknown[]): unknown {
    const { fn, record, values } = this.#parts;
    values.parts.sink.bypass(key.text, 'not-async');
    const result = fn.apply(instance, args as unknown[]);
    record.kind = kindOfResult(result);
    if (record.kind === 'plain' || record.kind === 'iterator')
      this.#warnOnce(
        `${record.name} is memoized, returns no promise, and so cannot wait for a shared store: it is not cached; make it async, or give it a cache in memory`,
      );
    return result;
  }

  /** Holds as little as it can: it is on the stack while the function runs, once for each that it calls. */
  #run(key: MemoKey, instance: unknown, args: readonly unknown[], call: MemoCall, run: ProducerRun): unknown {
    if (!run.isRefresh) this.#begins(call);
    return this.#ends(key, call, run, this.#parts.fn.apply(instance, args as unknown[]));
  }

  #begins(call: MemoCall): void {
    this.#parts.record.misses++;
    call.hasRun = true;
    // What it throws rather than rejects with is thrown.
    call.kind = 'plain';
  }

  #ends(key: MemoKey, call: MemoCall, { isRefresh }: ProducerRun, result: unknown): unknown {
    const { record, scope, values } = this.#parts;
    const { tags } = values.parts;
    const context = currentView();
    // What runs apart runs within somebody else's.
    const own = context?.making === key.text && context.home === tags ? context : undefined;
    const kind = kindOfResult(result);
    if (!isRefresh) call.kind = kind;
    record.kind ??= kind;
    if (kind !== record.kind) {
      this.#warnOnce(
        `${record.name} returns now a promise or an iterable and now none: only its ${record.kind} results are cached`,
      );
      own?.refuse('view');
      return result;
    }
    const done = <T>(made: T): T => {
      if (!this.#isShared)
        own?.gather(scope.tagFront, MOST_NAMED, scope.recursionTag, ({ tag, token }) => tags.admits([tag], token));
      return made;
    };
    if (kind === 'promise') return begun(result as PromiseLike<unknown>).then(done);
    if (kind === 'stream') return collect(result as AsyncIterable<unknown>).then(done);
    return done(kind === 'iterator' ? collectNow(result as Iterator<unknown>) : result);
  }

  #usesFor(args: readonly unknown[]): StaleUses<ValuePolicy> {
    if (!this.#isDynamic) return this.#uses;
    const { given, values, kept, record } = this.#parts;
    const told = <T>(option: unknown, otherwise: T): T | ((value: unknown) => ReturnType<OfResult<never>>) => {
      if (typeof option !== 'function') return otherwise;
      const isIterable = (): boolean => record.kind === 'stream' || record.kind === 'iterator';
      return (value) => (option as OfResult<never>)(isIterable() ? (value as Collected).items : value, ...args);
    };
    const ttl = typeof given.ttl === 'function' ? told(given.ttl, undefined) : undefined;
    return values.uses({
      ...this.#uses.policy,
      lifetimeMs:
        ttl === undefined || kept.lifetimeMs === 0
          ? kept.lifetimeMs
          : (value) => readForever('memoize.ttl', ttl(value)),
      tags: told(given.tags, kept.tags),
      storeIf: told(given.storeIf, kept.storeIf),
      isStale: told(given.isStale, kept.isStale),
    });
  }

  #hit(text: string): void {
    const { record, sizes } = this.#parts;
    record.hits++;
    sizes.used(text);
  }

  readonly #copies = (items: readonly unknown[]): readonly unknown[] => {
    const { copying } = this.#parts.kept;
    const kept = hold(items, copying);
    return kept.kind === 'held' ? (copyOf(kept.held, copying) as readonly unknown[]) : items;
  };

  readonly #warned = new Set<string>();

  #warnOnce(message: string): void {
    // Where it is, what is wrong with it: one of each would do, and a million would be too many.
    if (this.#warned.size > 0) return;
    this.#warned.add(message);
    this.#parts.warn(message);
  }
}

function adviceOn(position: number): string {
  return `ignore: [${position}] leaves it out, and key: (…) => … says what to go by instead`;
}
