import { answerOf, kindOf } from '../base/answer.js';
import { ConfigError } from '../base/errors.js';
import type { MemoPolicy } from '../config/memo-options.js';
import type { OwnName } from '../engine/shortcuts.js';
import { encodeArguments, NOT_COUNTED, Unencodable } from '../values/arguments.js';
import { encodeInstance } from '../values/memo-instances.js';
import { MemoKey, type MemoScope } from '../values/memo-key.js';
import type { MemoRecord } from '../values/memo-names.js';

/** Makes keys of the calls of one function. */
export class MemoKeys {
  readonly #scope: MemoScope;
  readonly #record: MemoRecord;
  readonly #policy: MemoPolicy;
  readonly #isShared: boolean;
  readonly #isByArguments: boolean;
  readonly #hasNoInstances: boolean;

  constructor(scope: MemoScope, record: MemoRecord, policy: MemoPolicy, isShared: boolean) {
    this.#scope = scope;
    this.#record = record;
    this.#policy = policy;
    this.#isShared = isShared;
    this.#isByArguments = policy.key === undefined && policy.isIgnored === undefined;
    this.#hasNoInstances = policy.instances.isShared;
  }

  /** What a call can be known by without its key, as most can: they have one argument, a text or a number. */
  nameOf(instance: unknown, args: readonly unknown[]): OwnName | undefined {
    if (args.length !== 1 || !this.#isByArguments || !(this.#hasNoInstances || instance === undefined))
      return undefined;
    const [only] = args;
    return isName(only) ? only : undefined;
  }

  /** The key of a call, or what keeps it from having one. */
  of(instance: unknown, args: readonly unknown[]): MemoKey | Unencodable {
    const text = this.arguments(args);
    if (text instanceof Unencodable) return text;
    const on = this.instance(instance);
    if (on instanceof Unencodable) return on;
    return new MemoKey(this.#scope, on, text.whole, text.trimmed, text.named);
  }

  /** Text for what a function was called on. */
  instance(instance: unknown): string | undefined | Unencodable {
    const { instances } = this.#policy;
    // Where nobody else reads the key, there is nothing to tell classes by but themselves.
    const classes = this.#isShared ? this.#record.classes : undefined;
    if (instances.keyOf === undefined) return encodeInstance(instance, instances, classes);
    const made = saidBy('instanceKey', () => encodeInstance(instance, instances, classes));
    return made instanceof Unencodable ? made : made.said;
  }

  /** Text for arguments, with and without those at the end that are `undefined`. */
  arguments(args: readonly unknown[]): ArgumentTexts | Unencodable {
    const { key, isIgnored } = this.#policy;
    if (key !== undefined) {
      const made = saidBy('key', () => key(...args));
      if (made instanceof Unencodable) return made;
      const { said } = made;
      // Most likely it has asked for a name that an argument does not have, and all of them would share one result.
      if (saysNothing(said))
        return new Unencodable(`key returned ${nothingOf(said)}, which would be one key for all calls`);
      return textsOf([said], nameOf(said));
    }
    if (isIgnored === undefined) return textsOf(args);
    const counted: unknown[] = [];
    for (const [position, arg] of args.entries()) {
      const made = saidBy('ignore', () => isIgnored(arg, position));
      if (made instanceof Unencodable) return made;
      counted.push(made.said === true ? NOT_COUNTED : arg);
    }
    // Left out or given, what does not count does not count.
    while (counted.at(-1) === NOT_COUNTED) counted.pop();
    return textsOf(counted);
  }

  /** @throws {@link ConfigError} for what can be no part of a key */
  checked<T>(args: readonly unknown[], encoded: T | Unencodable): T {
    if (!(encoded instanceof Unencodable)) return encoded;
    throw new ConfigError(
      `${this.#record.name}.arguments`,
      args,
      'arguments that can be compared, or the options key and ignore',
      undefined,
      `cannot be part of a key: ${encoded.what}`,
    );
  }
}

/** What tells no call from another one: nothing, no number, or a list of such alone. */
function saysNothing(key: unknown): boolean {
  if (key === undefined || key === null) return true;
  if (typeof key === 'number') return !Number.isFinite(key);
  try {
    return Array.isArray(key) && key.every(saysNothing);
  } catch {
    // It is no list that can be part of a key either.
    return false;
  }
}

function nothingOf(key: unknown): string {
  return typeof key === 'number' ? String(key) : kindOf(key);
}

interface ArgumentTexts {
  readonly whole: string;
  readonly trimmed: string;
  /** What the `key` option has returned, where `invalidate({ key })` can name it. */
  readonly named?: string | undefined;
}

/** What an option says, which may be anything; or that it has not said it. */
function saidBy<T>(option: string, ask: () => T): { readonly said: T } | Unencodable {
  let why: string | undefined;
  const said = answerOf(ask, (what) => {
    why = what;
  });
  return why === undefined ? { said: said as T } : new Unencodable(`${option} ${why}`);
}

function textsOf(args: readonly unknown[], named?: string): ArgumentTexts | Unencodable {
  const whole = encodeArguments(args);
  if (whole instanceof Unencodable) return whole;
  let end = args.length;
  while (end > 0 && args[end - 1] === undefined) end--;
  // Each of them is one letter.
  return { whole, trimmed: end === args.length ? whole : whole.slice(0, whole.length - (args.length - end)), named };
}

/** What a `key` option's answer is called, as a view's and a value's. */
function nameOf(key: unknown): string | undefined {
  if (typeof key === 'number' && Number.isFinite(key)) return String(key);
  return typeof key === 'string' && key !== '' ? key : undefined;
}

/** A Map takes -0 for 0. */
function isName(argument: unknown): argument is OwnName {
  return typeof argument === 'string' || (typeof argument === 'number' && argument !== 0);
}
