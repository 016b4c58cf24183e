import { ConfigError } from '@viewcache/core';
import { type AnyFunction, checkFunction, checkOptions } from '@viewcache/core/node';
import { decides } from './asked-options.js';
import type { CachePutOptions } from './cache-put-options.js';
import { type BoundMethod, type DecoratedMethod, type MethodOwner, MethodRule } from './method-rule.js';
import { followedBy, observe } from './result-kinds.js';
import { ResultPut } from './result-put.js';

const OPTIONS = ['method', 'of', 'args', 'when', 'storeIf'] as const;

/** What `@CachePut` says of one method. */
export class CachePutRule extends MethodRule {
  override readonly mayStore = true;
  readonly #given: CachePutOptions;

  constructor(decorated: DecoratedMethod, given: CachePutOptions) {
    super('@CachePut', decorated);
    this.#given = given;
  }

  bind(owner: MethodOwner): BoundMethod {
    const setting = this.placeIn(owner.Class);
    this.#check(setting);
    const { method: target, of, when } = this.#given;
    const results = owner.results(this.#given, setting);
    const isOwn = of === undefined || of === owner.Class;
    if (results.isStream)
      throw new ConfigError(`${setting}.method`, target, 'a method that returns a Promise or an Observable');
    if (!isOwn && results.isApart)
      throw new ConfigError(
        `${setting}.of`,
        of,
        'its own class, as each instance of the other one has its own results',
      );
    const { method } = this;
    return {
      uncached: (instance, args) => {
        const put = new ResultPut(setting, this.#given, results, isOwn ? instance : undefined, args);
        return followedBy(method.apply(instance, args as never[]), (value) => put.end(value));
      },
      call: (instance, args) => {
        const run = (): unknown => method.apply(instance, args as never[]);
        const instead = 'and nothing was stored: what was there is ended';
        const isMeant = decides(results.cache, `${setting}.when`, when as AnyFunction | undefined, args, instead);
        if (isMeant === false) return run();
        const put = new ResultPut(setting, this.#given, results, isOwn ? instance : undefined, args);
        if (isMeant === undefined) return followedBy(run(), (value) => put.end(value));
        if (this.kind === 'promise') return put.around(run);
        if (this.kind === 'observable') return observe(() => put.aroundLast(run));
        // Nobody has asked the store what it knew before: what is there ends, and as of the next call it is replaced.
        const result = run();
        this.learn(result, results.cache, setting);
        return followedBy(result, (value) => put.end(value));
      },
    };
  }

  #check(setting: string): void {
    const given = this.#given;
    checkOptions(setting, given, OPTIONS);
    this.refusePlain(setting);
    if (this.kind === 'stream')
      throw new ConfigError(setting, 'AsyncGenerator', 'it on methods that return a Promise or an Observable');
    checkFunction(`${setting}.args`, given.args, 'a function of the result and the arguments');
    checkFunction(`${setting}.when`, given.when, 'a function of the arguments');
    checkFunction(`${setting}.storeIf`, given.storeIf, 'a function of the result and the arguments');
  }
}
