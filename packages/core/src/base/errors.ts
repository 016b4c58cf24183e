const brand = Symbol.for('viewcache.error');

/**
 * Base of all errors this library throws; `code` is stable across versions.
 *
 * `instanceof` compares codes, not classes, so it holds between two copies of the package in one process.
 */
export abstract class CacheError extends Error {
  // A bundler may call a class otherwise, and what nobody has caught is printed by that name. As a getter, because where
  // static properties are assigned, as for older targets, this one cannot be.
  static override get name(): string {
    return 'CacheError';
  }
  abstract readonly code: `ERR_CACHE_${string}`;
  readonly [brand] = true;

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (typeof value !== 'object' || value === null || !(brand in value)) return false;
    if (this === CacheError) return true;
    return 'code' in value && value.code === (this as unknown as { code?: string }).code;
  }
}

/**
 * A setting was wrong. Thrown at start-up, never while a request is answered.
 *
 * @example
 * ```ts
 * cachePage('5 apples'); // ConfigError: cachePage.ttl: '5 apples' is not allowed; use a number of seconds from 0 up, or …
 * ```
 */
export class ConfigError extends CacheError {
  static readonly code = 'ERR_CACHE_CONFIG';
  readonly code = ConfigError.code;
  static override get name(): string {
    return 'ConfigError';
  }
  override readonly name = 'ConfigError';
  readonly #problem: string;

  /**
   * @param setting - the option's name as the user wrote it
   * @param value - what was given
   * @param allowed - what may be given, as a sentence
   * @param suggestion - what was probably meant, as it would be written
   * @param problem - what is wrong, where it is not the value itself
   */
  constructor(
    readonly setting: string,
    readonly value: unknown,
    readonly allowed: string,
    readonly suggestion?: string,
    problem: string = 'is not allowed',
  ) {
    super(`${setting}: ${describe(value)} ${problem}; ${adviceOf(allowed, suggestion)}`);
    this.#problem = problem;
    // The message says what kind of thing it is. Whoever prints the error, or sends it to a log, must not print what is in it.
    if (typeof value === 'object') Object.defineProperty(this, 'value', { enumerable: false });
  }

  /** The same, of a setting that has a longer name where it was given. */
  named(setting: string): ConfigError {
    return new ConfigError(setting, this.value, this.allowed, this.suggestion, this.#problem);
  }
}

/** Longer than this, what is allowed hides what stands behind it. */
const SHORT = 160;

function adviceOf(allowed: string, suggestion: string | undefined): string {
  if (suggestion === undefined) return `use ${allowed}`;
  const hint = `did you mean ${suggestion}?`;
  return allowed.length > SHORT ? `${hint} Use ${allowed}` : `use ${allowed}; ${hint}`;
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'function') return `the function ${value.name || '(anonymous)'}`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return describeObject(value);
  return String(value);
}

/** What a class has made is that: its fields are nobody's but its own. `undefined` for a plain object. */
function classOf(value: object): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (typeof prototype !== 'object' || prototype === null) return undefined;
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return typeof maker === 'function' && maker.name !== '' && maker.name !== 'Object' ? maker.name : undefined;
}

function describeObject(value: object): string {
  // A Map, a Date, a Promise: keys are not what there is to say of them.
  const kind = Object.prototype.toString.call(value).slice('[object '.length, -1);
  const name = kind === 'Object' ? classOf(value) : kind;
  if (name !== undefined) return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`;
  return `an object with ${Object.keys(value).join(', ') || 'no keys'}`;
}
