import type { Asked, Told } from './cacheable-options.js';
import type { AnyClass } from './method-rule.js';

/** Which result a method replaces by what it returns. */
export interface CachePutOptions {
  /** The name of the method under `@Cacheable()` whose result is replaced: by its ttl, its tags and its cache. */
  readonly method: string;
  /** The class that has `method`, a provider or controller of the app. @defaultValue the method's own */
  readonly of?: AnyClass;
  /** With which arguments `method` would be called; told the result and then the arguments. @defaultValue the call's own */
  readonly args?: Told<readonly unknown[]>;
  /** Whether a call replaces anything; told the arguments. What is not `true` is no. @defaultValue always */
  readonly when?: Asked<boolean>;
  /**
   * Whether a result may be stored; told the result and then the arguments. Where not, the one that is stored ends all the
   * same, as it is older.
   *
   * @defaultValue always
   */
  readonly storeIf?: Told<boolean>;
}
