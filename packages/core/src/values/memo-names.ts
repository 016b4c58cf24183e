import { hash } from 'node:crypto';
import { ConfigError } from '../base/errors.js';
import type { Held } from '../engine/keyed.js';
import type { AnyFunction } from './any-function.js';
import { encodeText } from './arguments.js';
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
  return hash('sha256', Function.prototype.toString.call(fn), 'base64url').slice(0, 22);
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
}

/** Functions that were given one name. */
interface Namesakes {
  /** Of the first one. */
  readonly source: string;
  readonly records: WeakMap<AnyFunction, MemoRecord>;
  count: number;
}

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
  readonly #warn: (message: string) => void;

  /** @param warn - told, once for each name, of a second function that has got it */
  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  /** @throws {@link ConfigError} where its name would not tell it from another one */
  claim(claim: MemoClaim): MemoRecord {
    return claim.name === undefined ? this.#derive(claim) : this.#give(claim, claim.name);
  }

  #derive({ prefix, fn, version, isShared, checksSource }: MemoClaim): MemoRecord {
    const own = nameOf(fn);
    const id = idOf(prefix, own);
    if (isShared && own === '') throw new ConfigError('memoize.name', undefined, UNIQUE);
    if (isShared && (this.#derived.has(id) || this.#isGiven(id))) throw taken(own, 'another memoized function');
    const count = (this.#derived.get(id) ?? 0) + 1;
    this.#derived.set(id, count);
    const name = own === '' ? '(anonymous)' : own;
    // Others read what is in a shared store by the name alone.
    const mark = markOf(fn, version, checksSource);
    return isShared ? record(name, mark) : record(count === 1 ? name : `${name}~${count}`, `~${count}${mark}`);
  }

  #give({ prefix, fn, version, isShared, checksSource }: MemoClaim, name: string): MemoRecord {
    const source = sourceOf(fn);
    const id = idOf(prefix, name);
    if (isShared && this.#derived.has(id)) throw taken(name, 'another memoized function');
    const mark = markOf(fn, version, checksSource);
    const whole = `${id}\n${mark}`;
    let namesakes = this.#given.get(whole);
    if (namesakes === undefined) {
      namesakes = { source, records: new WeakMap(), count: 0 };
      this.#given.set(whole, namesakes);
    }
    let found = namesakes.records.get(fn);
    if (found === undefined) {
      if (isShared && namesakes.source !== source) throw taken(name, 'a function of other code');
      const count = ++namesakes.count;
      if (count === 2) this.#warn(secondOf(name, isShared));
      // In memory it has results of its own. What others read by the name is the first one's.
      found = record(name, `${count === 1 || isShared ? '' : `=${count}`}${mark}`, isShared && count > 1);
      namesakes.records.set(fn, found);
    }
    return found;
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

function record(name: string, mark: string, isTaken = false): MemoRecord {
  return { name, mark, isTaken, kind: undefined, hits: 0, misses: 0, entries: new Map(), classes: new Map() };
}
