import type { Counted, Counter } from '../engine/keyed.js';
import { ALL_TAG, keyPrefixes, keyPrefixTag, keyTag, namespaceTag, valueTag } from '../invalidation/tags.js';
import { encodeText, shortened } from './arguments.js';
import type { KeySpace } from './value-key.js';

/**
 * What is in front of the keys of one function, and the tags above them.
 *
 * No view's key begins with a line feed, and no other value's with this one and a bracket; the namespace and the name have
 * their lengths before them.
 */
export class MemoScope {
  readonly front: string;
  /** Of all that is stored of the function; `invalidate({ namespace })` names it, too. */
  readonly tag: string;
  /** Of what was made of so many results of the function itself that it names none of them. */
  readonly recursionTag: string;
  /** What the tags of single results begin with. */
  readonly tagFront: string;
  readonly above: readonly string[];
  readonly counter: Counter;
  readonly #prefix: string;

  /**
   * @param mark - what else tells the function from others of its name: its version, its source
   * @param counter - told of what memory holds of the function
   */
  constructor(space: KeySpace, name: string, mark: string, counter: Counter) {
    this.#prefix = space.prefix;
    this.counter = counter;
    this.front = `\n(${mark}\n${encodeText(space.prefix)}${encodeText(name)}\n`;
    this.tag = namespaceTag(`${space.prefix}memo:${name}`);
    this.tagFront = valueTag(this.front);
    this.recursionTag = `${this.tagFront}~`;
    this.above = [ALL_TAG, this.tag, ...space.namespaces.map(namespaceTag)];
  }

  /** The tag of a list of arguments, whatever the instance. */
  argumentsTag(trimmed: string): string {
    return `${this.tagFront}*${shortened(trimmed)}`;
  }

  /** The tags by which `invalidate({ key })` and `{ keys }` name what the `key` option has returned. */
  keyTags(key: string): readonly string[] {
    const named = this.#prefix + key;
    return [keyTag(named), ...keyPrefixes(named).map(keyPrefixTag)];
  }

  /** The tag of an instance, whatever the arguments. */
  instanceTag(instance: string): string {
    return `${this.tagFront}@${shortened(instance)}`;
  }

  /** The tag of a list of arguments with one instance. */
  callTag(instance: string, trimmed: string): string {
    return `${this.tagFront}=${shortened(instance + trimmed)}`;
  }
}

/** The key of one call: of a function, its instance if it has one, and its arguments. */
export class MemoKey implements Counted {
  readonly text: string;
  readonly #scope: MemoScope;
  readonly #instance: string | undefined;
  readonly #trimmed: string;
  readonly #named: string | undefined;
  #tags: readonly string[] | undefined;

  /**
   * @param instance - encoded; `undefined` for a function that is nobody's method
   * @param trimmed - the arguments without those at the end that are `undefined`: by these it is invalidated, as whoever
   * leaves them out means the same
   * @param named - what the `key` option has returned, where that is a name or a number
   */
  constructor(scope: MemoScope, instance: string | undefined, args: string, trimmed: string, named?: string) {
    this.#scope = scope;
    this.#instance = instance;
    this.#trimmed = trimmed;
    this.#named = named;
    // An encoding ends by itself, so that the instance and the arguments never run into one another.
    this.text = scope.front + (instance === undefined ? `-${shortened(args)}` : `@${shortened(instance + args)}`);
  }

  get counter(): Counter {
    return this.#scope.counter;
  }

  /** The tag of this call alone, by which its result is replaced: with and without arguments at the end that are `undefined`. */
  get ownTag(): string {
    const scope = this.#scope;
    return this.#instance === undefined
      ? scope.argumentsTag(this.#trimmed)
      : scope.callTag(this.#instance, this.#trimmed);
  }

  get tags(): readonly string[] {
    if (this.#tags !== undefined) return this.#tags;
    const scope = this.#scope;
    const tags = [...scope.above, scope.argumentsTag(this.#trimmed)];
    if (this.#instance !== undefined)
      tags.push(scope.instanceTag(this.#instance), scope.callTag(this.#instance, this.#trimmed));
    if (this.#named !== undefined) tags.push(...scope.keyTags(this.#named));
    this.#tags = tags;
    return tags;
  }
}
