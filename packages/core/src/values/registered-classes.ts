import { isPromise } from 'node:util/types';
import { ignoreRejection } from '../base/answer.js';
import { ConfigError } from '../base/errors.js';

/** A class as its user writes it. */
// biome-ignore lint/complexity/noBannedTypes: an abstract class, or one with a private constructor, is of no narrower type.
type AnyClass<T> = Function & { readonly prototype: T };

/** How instances of a class are stored: by their own properties, or by `encode` and `decode` together. */
export type RegisterClassOptions<T, P = unknown> = {
  /** What it is stored under; another class of that name cannot be read. @defaultValue the class's own name */
  readonly name?: string;
} & (
  | {
      /** What is stored in the instance's stead: anything that can be stored. @defaultValue its own properties */
      readonly encode: (instance: T) => P;
      /** Makes the instance of what `encode` returned. Behind `encode`, TypeScript knows what that is. */
      readonly decode: (stored: P) => T;
    }
  | { readonly encode?: never; readonly decode?: never }
);

/** A class that may be stored, and how. */
export interface RegisteredClass {
  readonly name: string;
  readonly prototype: object;
  /** Absent: own properties, and the prototype. */
  readonly ways: Ways | undefined;
}

interface Ways {
  readonly encode: Way;
  readonly decode: Way;
}

type Way = (given: unknown) => unknown;

interface Registry {
  readonly byName: Map<string, RegisteredClass>;
  readonly byPrototype: WeakMap<object, RegisteredClass>;
}

const SETTINGS = ['name', 'encode', 'decode'];
const NATIVE = /\{\s*\[native code\]\s*\}\s*$/;

/** What two copies of this package in one process share. */
const slot = Symbol.for('viewcache.classes');
const holder = globalThis as { [slot]?: Registry };
holder[slot] ??= { byName: new Map(), byPrototype: new WeakMap() };
const registry: Registry = holder[slot];

/**
 * Lets instances of a class be stored where other processes read them, and come back as instances.
 *
 * Without `encode` and `decode` its own properties are stored, and what comes back has them and the class's prototype; no
 * constructor runs. A class whose instances are more than that (`#private` fields) says by `encode` and `decode` what they
 * are; then memory keeps them by these, too. To be called where the class is, before anything is read: a stored value that
 * names a class nobody has registered is a miss. Once more with the same settings changes nothing.
 *
 * @throws {@link ConfigError} where another class has the name, or `encode` stands without `decode`
 *
 * @example
 * ```ts
 * registerClass(User);
 * registerClass(Money, { encode: (money) => [money.amount, money.currency], decode: ([amount, currency]) => new Money(amount, currency) });
 * ```
 */
export function registerClass<T extends object, const P = unknown>(
  Class: AnyClass<T>,
  options: RegisterClassOptions<T, P> = {},
): void {
  checkSettings(options);
  const { encode, decode } = options;
  const prototype: unknown = typeof Class === 'function' ? Class.prototype : undefined;
  if (typeof prototype !== 'object' || prototype === null) throw new ConfigError('registerClass', Class, 'a class');
  if (NATIVE.test(Function.prototype.toString.call(Class)))
    throw new ConfigError('registerClass', Class, 'a class of your own', undefined, 'is one that everybody has');
  const name = options.name ?? Class.name;
  if (typeof name !== 'string' || name === '')
    throw new ConfigError('registerClass.name', name, 'a string that is not empty');
  checkWays(encode, decode);
  const ways =
    encode === undefined || decode === undefined
      ? undefined
      : { encode: atOnce('encode', encode as Way), decode: atOnce('decode', decode as Way) };
  const other = registry.byName.get(name);
  if (other !== undefined && other.prototype !== prototype)
    throw new ConfigError('registerClass.name', name, 'another name', undefined, 'is the name of another class');
  const old = registry.byPrototype.get(prototype);
  if (old !== undefined && old.name !== name)
    throw new ConfigError(
      'registerClass.name',
      name,
      `'${old.name}'`,
      undefined,
      'is not what the class is stored under',
    );
  const registered = { name, prototype, ways };
  registry.byName.set(name, registered);
  registry.byPrototype.set(prototype, registered);
}

/** The registered class of this name. */
export function classNamed(name: string): RegisteredClass | undefined {
  return registry.byName.get(name);
}

/** The registered class whose instances have this prototype: a subclass is a class of its own. */
export function classOfPrototype(prototype: object): RegisteredClass | undefined {
  return registry.byPrototype.get(prototype);
}

function checkSettings(options: object): void {
  for (const name of Object.keys(options))
    if (!SETTINGS.includes(name))
      throw new ConfigError(`registerClass.${name}`, name, SETTINGS.join(', '), undefined, 'is no setting of it');
}

/** Whoever asks cannot wait, and nobody else would look at a promise that rejects. */
function atOnce(setting: string, way: Way): Way {
  return (given) => {
    const made = way(given);
    if (!isPromise(made)) return made;
    ignoreRejection(made);
    throw new ConfigError(`registerClass.${setting}`, made, 'a function that returns no promise');
  };
}

function checkWays(encode: unknown, decode: unknown): void {
  for (const [setting, way] of Object.entries({ encode, decode })) {
    if (way !== undefined && typeof way !== 'function')
      throw new ConfigError(`registerClass.${setting}`, way, 'a function');
  }
  if ((encode === undefined) !== (decode === undefined))
    throw new ConfigError(
      encode === undefined ? 'registerClass.encode' : 'registerClass.decode',
      undefined,
      'encode and decode together, or neither',
    );
}
