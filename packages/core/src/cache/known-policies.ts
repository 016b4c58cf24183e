import type { Duration } from '../base/duration.js';
import type { ValueOptions } from '../config/value-option-types.js';
import type { ValuePolicy } from '../values/value-policy.js';

/** Options of a call that says none. */
export const NO_OPTIONS = {};
/** Different ttls that are remembered; somebody who works them out has more, and gains nothing. */
const TTLS = 100;

/** What was read from an object, and what it said then: its user may write something else into it before he hands it in again. */
interface Known {
  readonly policy: ValuePolicy;
  readonly said: Readonly<Record<string, unknown>>;
  readonly count: number;
}

/** Policies that were read before, by the options that they were read from: most calls hand in the same again, or none. */
export class KnownPolicies {
  #usual: ValuePolicy | undefined;
  /** Of options that are nothing but a ttl: these would fill the other one, an object for each call. */
  readonly #byTtl = new Map<Duration, ValuePolicy>();
  /** By the function that they were read for. */
  readonly #byObject = new Map<string, WeakMap<object, Known>>();

  /** @param read - reads them, where they are not known as they are now */
  of(what: string, given: ValueOptions<never>, read: () => ValuePolicy): ValuePolicy {
    if (given === NO_OPTIONS) {
      this.#usual ??= read();
      return this.#usual;
    }
    // What a class computes is not among the names that can be gone through.
    if (!isPlain(given)) return read();
    const ttl = onlyTtl(given);
    if (ttl === undefined) return this.#ofObject(what, given, read);
    const known = this.#byTtl.get(ttl) ?? read();
    if (this.#byTtl.size < TTLS) this.#byTtl.set(ttl, known);
    return known;
  }

  #ofObject(what: string, given: ValueOptions<never>, read: () => ValuePolicy): ValuePolicy {
    let all = this.#byObject.get(what);
    const known = all?.get(given);
    if (known !== undefined && saysStill(given, known)) return known.policy;
    const policy = read();
    if (all === undefined) {
      all = new WeakMap();
      this.#byObject.set(what, all);
    }
    const { tags } = given;
    const said = { ...given, ...(Array.isArray(tags) && { tags: [...tags] }) };
    all.set(given, { policy, said, count: Object.keys(said).length });
    return policy;
  }
}

function isPlain(given: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(given);
  return prototype === Object.prototype || prototype === null;
}

/** The ttl of options that say nothing else: what most calls write, anew each time. */
function onlyTtl(given: ValueOptions<never>): Duration | undefined {
  for (const name in given) if (name !== 'ttl') return undefined;
  const { ttl } = given;
  return typeof ttl === 'string' || typeof ttl === 'number' ? ttl : undefined;
}

function saysStill(given: ValueOptions<never>, { said, count }: Known): boolean {
  let left = count;
  for (const name in given) {
    left--;
    const now: unknown = given[name as keyof ValueOptions];
    if (now !== said[name] && (name !== 'tags' || !areAlike(now, said[name]))) return false;
  }
  return left === 0;
}

function areAlike(now: unknown, before: unknown): boolean {
  if (!Array.isArray(now) || !Array.isArray(before) || now.length !== before.length) return false;
  for (let i = 0; i < before.length; i++) if (now[i] !== before[i]) return false;
  return true;
}
