import { hash } from 'node:crypto';
import { ConfigError } from '../base/errors.js';
import type { Held } from '../engine/keyed.js';
import type { AnyFunction } from './any-function.js';
import { encodeText } from './arguments.js';
import { originOf } from './memo-origins.js';
import type { ResultKind } from './memo-results.js';

/** What is known of a memoized function, and shared by all that stand for it. */
export interface MemoRecord {
  readonly name: string;
  /** Tells it from others of its name: in this process by a number, in all by its version and its code. */
  readonly mark: string;
  /** Another function has its name where others know it by that alone: its calls are passed on. */
  readonly isTaken: boolean;
  /** What it returns, once that is known. */
  kind: ResultKind | undefined;
  hits: number;
  misses: number;
  /** What memory holds, by key, the least recently used first. */
  readonly entries: Map<string, Held>;
  /** The class by which each name of a class is known that is in its keys. */
  readonly classes: Map<string, WeakRef<object>>;
  /** Gives the name back, of one who has come to many namespaces and may come again: another function does not get it for that. */
  leave(): void;
}

/** Names that functions have got otherwise than by their source: methods do not know their class. */
const given = new WeakMap<AnyFunction, string>();

/** Says what a function is called where it has not been given a name on purpose. */
export function callIt(fn: AnyFunction, name: string): void {
  given.set(fn, name);
}

/** What a function is called; empty where it has no name. */
function nameOf(fn: AnyFunction): string {
  return given.get(fn) ?? fn.name;
}

/** What the code of a function hashes to. */
function sourceOf(fn: AnyFunction): string {
  return hash('sha256', Function.prototype.toString.call(originOf(fn)?.source ?? fn), 'base64url').slice(0, 22);
}

/** Of which function a name is claimed, and how it is kept. */
export interface MemoClaim {
  readonly fn: AnyFunction;
  /** Of the namespace. */
  readonly prefix: string;
  /** What the user calls it; `undefined` to take the function's own name. */
  readonly name: string | undefined;
  readonly version: number | undefined;
  /** Others know it by name alone. */
  readonly isShared: boolean;
  /** Its source is part of its keys: another one has other keys. */
  readonly checksSource: boolean;
  /** Who memoizes it in whichever namespace is asked for: the same in each, and when it comes again. */
  readonly follower?: object | undefined;
}

/** Functions that were given one name. */
interface Namesakes {
  /** Of the first one. */
  readonly source: string | undefined;
  /** Has what other processes know by the name; nobody, where none can be told to be the first. */
  readonly first: WeakRef<AnyFunction> | undefined;
  readonly records: WeakMap<AnyFunction, MemoRecord>;
  others: number;
  /** Who has claimed it and has not left. */
  live: number;
}

/** Who has left a name; with no function where there were several. */
type Left = Pick<Namesakes, 'source' | 'first'>;

/** A name in a namespace: its own in that one, whatever they are called. */
function idOf(prefix: string, name: string): string {
  return `${encodeText(prefix)}${encodeText(name)}`;
}

/** What the keys of a function have beside its name, in every process. */
function markOf(fn: AnyFunction, version: number | undefined, checksSource: boolean): string {
  return `${version === undefined ? '' : `v${version}`}${checksSource ? `s${sourceOf(fn)}` : ''}`;
}

/**
 * The names of a cache's memoized functions.
 *
 * A function's own name is no more than a guess at one: two functions may have the same, and must never have the same
 * results for it. Nor is a name that was given on purpose more than what other processes know a function by: two functions
 * of one process may be of the same code and stand on other things, as two that one function has made.
 */
export class MemoNames {
  /** How many functions there were of a name, and the namespace before it. */
  readonly #derived = new Map<string, number>();
  readonly #given = new Map<string, Namesakes>();
  /** By name: in which of the namespaces it was, nobody knows any more. */
  readonly #left = new Map<string, Left>();
  /** Each that shares a name with others, by a number that it has in all namespaces. */
  readonly #numbers = new Map<string, { readonly of: WeakMap<object, number>; count: number }>();
  readonly #warn: (message: string) => void;

  /** @param warn - told, once for each name, of a second function that has got it */
  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  /** @throws {@link ConfigError} where its name would not tell it from another one */
  claim(claim: MemoClaim): MemoRecord {
    return claim.name === undefined ? this.#derive(claim) : this.#give(claim, claim.name);
  }

  #derive({ prefix, fn, version, isShared, checksSource, follower }: MemoClaim): MemoRecord {
    const own = nameOf(fn);
    const id = idOf(prefix, own);
    const name = own === '' ? '(anonymous)' : own;
    const mark = markOf(fn, version, checksSource);
    if (isShared) {
      if (own === '') throw new ConfigError('memoize.name', undefined, UNIQUE);
      const left = this.#leftOf(prefix, own);
      if (this.#derived.has(id) || this.#isGiven(id) || (left !== undefined && left.first?.deref() !== fn))
        throw taken(own, 'another memoized function');
      this.#derived.set(id, 1);
      // Others read what is in a shared store by the name alone.
      return record(name, mark, () => {
        this.#derived.delete(id);
        this.#leave(own, fn);
      });
    }
    // By how many came before it nobody could say who it was when it comes again.
    const at = follower === undefined ? (this.#derived.get(id) ?? 0) + 1 : this.#numberOf(own, follower);
    if (follower === undefined) this.#derived.set(id, at);
    return record(at === 1 ? name : `${name}~${at}`, `${follower === undefined ? '~' : '+'}${at}${mark}`);
  }

  #give({ prefix, fn, version, isShared, checksSource }: MemoClaim, name: string): MemoRecord {
    const source = sourceOf(fn);
    const id = idOf(prefix, name);
    if (isShared && this.#derived.has(id)) throw taken(name, 'another memoized function');
    const mark = markOf(fn, version, checksSource);
    const whole = `${id}\n${mark}`;
    const namesakes = this.#given.get(whole) ?? {
      ...(this.#leftOf(prefix, name) ?? { source, first: new WeakRef(fn) }),
      records: new WeakMap(),
      others: 0,
      live: 0,
    };
    let found = namesakes.records.get(fn);
    if (found === undefined) {
      if (isShared && namesakes.source !== source) throw taken(name, 'a function of other code');
      const isFirst = namesakes.first?.deref() === fn;
      if (!isFirst && ++namesakes.others === 1) this.#warn(secondOf(name, isShared));
      // In memory it has results of its own. What others read by the name is the first one's.
      const own = isFirst || isShared ? '' : `=${this.#numberOf(`=${name}`, fn) + 1}`;
      const leave = (): void => {
        if (--namesakes.live === 0) this.#given.delete(whole);
        this.#leave(name, fn);
      };
      found = record(name, `${own}${mark}`, leave, isShared && !isFirst);
      namesakes.records.set(fn, found);
    }
    this.#given.set(whole, namesakes);
    namesakes.live++;
    return found;
  }

  #numberOf(name: string, who: object): number {
    let known = this.#numbers.get(name);
    if (known === undefined) {
      known = { of: new WeakMap(), count: 0 };
      this.#numbers.set(name, known);
    }
    const number = known.of.get(who) ?? ++known.count;
    known.of.set(who, number);
    return number;
  }

  /** Nobody leaves what is in no namespace. */
  #leftOf(prefix: string, name: string): Left | undefined {
    return prefix === '' ? undefined : this.#left.get(name);
  }

  #leave(name: string, fn: AnyFunction): void {
    const left = this.#left.get(name);
    if (left === undefined) this.#left.set(name, { source: sourceOf(fn), first: new WeakRef(fn) });
    else if (left.first?.deref() !== fn) this.#left.set(name, { source: left.source, first: undefined });
  }

  #isGiven(id: string): boolean {
    for (const known of this.#given.keys()) if (known.startsWith(`${id}\n`)) return true;
    return false;
  }
}

const UNIQUE = 'a name that no other function of this cache has: it is what other processes know the function by';

function taken(name: string, whose: string): ConfigError {
  return new ConfigError('memoize.name', name, UNIQUE, undefined, `is the name of ${whose}`);
}

function secondOf(name: string, isShared: boolean): string {
  const what = isShared
    ? 'its calls are not cached, as other processes could not tell it from the first'
    : 'it has results of its own';
  return `memoize: '${name}' is the name of another function of this process already, and ${what}; memoize a function once and keep what memoize returned, or give each a name`;
}

function record(name: string, mark: string, leave = (): void => {}, isTaken = false): MemoRecord {
  return { name, mark, isTaken, kind: undefined, hits: 0, misses: 0, entries: new Map(), classes: new Map(), leave };
}
