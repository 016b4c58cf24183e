import { hash } from 'node:crypto';
import { ConfigError } from '../base/errors.js';
import type { MemoKey } from './memo-key.js';
import type { ResultKind } from './memo-results.js';

/** A function, as those see it who read its source and call it. It says nothing of `this`: a function expression would have it from here. */
export type AnyFunction = (...args: never[]) => unknown;

/** What is known of a memoized function, and shared by all that go by its name. */
export interface MemoRecord {
  readonly name: string;
  /** Tells it from others of its name, in this process. */
  readonly mark: string;
  readonly source: string;
  /** What it returns, once that is known. */
  kind: ResultKind | undefined;
  hits: number;
  misses: number;
  /** What was made and may still be in memory, the least recently used first. */
  readonly entries: Map<string, MemoKey>;
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

/**
 * The names of a cache's memoized functions.
 *
 * A function's own name is no more than a guess at one: two functions may have the same, and must never have the same
 * results for it. A name that was given on purpose is one, as it is in other processes.
 */
export class MemoNames {
  /** How many functions there were of a name, and the namespace before it. */
  readonly #derived = new Map<string, number>();
  readonly #given = new Map<string, MemoRecord>();

  /**
   * @param prefix - of the namespace
   * @param name - what the user calls it; `undefined` to take the function's own name
   * @param isShared - others know it by name alone
   * @param isTold - its source is part of its keys: another one has other keys
   * @throws {@link ConfigError} where its name would not tell it from another one
   */
  claim(prefix: string, fn: AnyFunction, name: string | undefined, isShared: boolean, isTold: boolean): MemoRecord {
    return name === undefined ? this.#derive(prefix, fn, isShared) : this.#share(prefix, fn, name, isShared, isTold);
  }

  #derive(prefix: string, fn: AnyFunction, isShared: boolean): MemoRecord {
    const own = nameOf(fn);
    const id = `${prefix}${own}`;
    if (isShared && own === '') throw new ConfigError('memoize.name', undefined, UNIQUE);
    if (isShared && (this.#derived.has(id) || this.#isGiven(id))) throw taken(own, 'another memoized function');
    const count = (this.#derived.get(id) ?? 0) + 1;
    this.#derived.set(id, count);
    const name = own === '' ? '(anonymous)' : own;
    // Others read what is in a shared store by the name alone.
    return isShared ? record(name, '', fn) : record(count === 1 ? name : `${name}~${count}`, `~${count}`, fn);
  }

  #share(prefix: string, fn: AnyFunction, name: string, isShared: boolean, isTold: boolean): MemoRecord {
    const source = sourceOf(fn);
    const id = `${prefix}${name}`;
    if (isShared && this.#derived.has(id)) throw taken(name, 'another memoized function');
    const known = this.#given.get(`${id}\n${isTold ? source : ''}`);
    if (known === undefined) {
      const made = record(name, '', fn);
      this.#given.set(`${id}\n${isTold ? source : ''}`, made);
      return made;
    }
    if (known.source !== source) throw taken(name, 'a function of other code');
    return known;
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

function record(name: string, mark: string, fn: AnyFunction): MemoRecord {
  return { name, mark, source: sourceOf(fn), kind: undefined, hits: 0, misses: 0, entries: new Map() };
}
