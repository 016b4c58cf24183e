import { ConfigError } from '../base/errors.js';
import { nearest } from '../base/near-miss.js';
import { HIDDEN } from './store-secrets.js';

/**
 * Refuses an options object that is none, or that has a setting nobody reads.
 *
 * @param orElse - what may be given instead of an object, for the error
 * @param elsewhere - what names mean that others give to the same settings
 */
export function checkOptions(
  what: string,
  options: unknown,
  known: readonly string[],
  orElse = '',
  elsewhere?: Readonly<Record<string, string>>,
): void {
  if (!isRecord(options)) {
    throw new ConfigError(what, options, `${orElse}an object with some of ${known.join(', ')}`);
  }
  checkNames(what, namesIn(options), known, options, elsewhere);
}

/** The names that are there to be read, those that it inherits among them: but not what somebody has given every object. */
function namesIn(options: object): string[] {
  const names: string[] = [];
  for (const name in options) if (!(name in Object.prototype) || Object.hasOwn(options, name)) names.push(name);
  return names;
}

/** Refuses what stands behind the last argument: options that are not read would count for nothing. */
export function checkNoMore(what: string, more: readonly unknown[], allowed: string): void {
  if (more.length > 0) throw new ConfigError(what, more[0], `no more than ${allowed}`);
}

/** A Map, a Date or a list has no settings to read, and would pass for an object that leaves all of them out. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === '[object Object]';
}

/** What may be a credential under a mistyped name. */
const PRIVATE = /pass|pwd|secret|token|^store$/i;
/** The same, where it is a word of its own: `tls`, `redisUrl`, and not `ttls`. */
const PRIVATE_WORDS = ['tls', 'url', 'urls', 'uri'];

function isPrivateName(name: string): boolean {
  const words = name.split(/(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z\d]+/);
  return PRIVATE.test(name) || words.some((word) => PRIVATE_WORDS.includes(word.toLowerCase()));
}

/**
 * Refuses a name that nobody reads.
 *
 * @param values - what is shown of it; nothing, where it may be anybody's secret
 */
export function checkNames(
  what: string,
  names: readonly string[],
  known: readonly string[],
  values?: Readonly<Record<string, unknown>>,
  elsewhere: Readonly<Record<string, string>> = {},
): void {
  for (const name of names) {
    if (known.includes(name)) continue;
    const near = Object.hasOwn(elsewhere, name) ? elsewhere[name] : nearest(name, known);
    const given = values?.[name];
    const isPrivate = values === undefined || isPrivateName(name) || isPrivateName(near ?? '') || isAddress(given);
    const value = isPrivate ? HIDDEN : given;
    throw new ConfigError(`${what}.${name}`, value, `only ${known.join(', ')}`, near);
  }
}

/** Whether there may be a login in it. */
function isAddress(value: unknown): boolean {
  return typeof value === 'string' && /:\/\/|@/.test(value);
}

/** The options over the defaults; `undefined` leaves a default in place, `null` and other nonsense is there to be refused. */
export function withDefaults<D extends object, O extends object>(
  defaults: D,
  options: O,
): { [K in keyof D]: K extends keyof O ? D[K] | Exclude<O[K], undefined> : D[K] } {
  const given = Object.keys(defaults).map((name) => [name, options[name as keyof O]]);
  const said = given.filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(said) } as ReturnType<typeof withDefaults<D, O>>;
}

/**
 * One of a few words.
 *
 * @param orElse - what else may be given, for the error
 */
export function checkOneOf<T extends string>(setting: string, value: unknown, allowed: readonly T[], orElse = ''): T {
  const found = allowed.find((word) => word === value);
  if (found !== undefined) return found;
  const near = typeof value === 'string' ? nearest(value, allowed) : undefined;
  throw new ConfigError(setting, value, listed(allowed) + orElse, near === undefined ? undefined : `'${near}'`);
}

/** A function, or nothing. */
export function checkFunction<T>(setting: string, value: T, allowed: string): T {
  if (value !== undefined && typeof value !== 'function') throw new ConfigError(setting, value, allowed);
  return value;
}

/** A function that has to be given. */
export function needFunction<T>(setting: string, value: T, allowed = 'a function'): NonNullable<T> {
  if (typeof value !== 'function') throw new ConfigError(setting, value, allowed);
  return value;
}

/** True or false, and nothing that only looks like it. */
export function checkBoolean(setting: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new ConfigError(setting, value, 'true or false');
  return value;
}

/** A whole number from `least` up. */
export function checkCount(setting: string, value: unknown, least: number): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least) {
    throw new ConfigError(setting, value, `a whole number from ${least} up`);
  }
  return value;
}

/** Words as they would be written: `'lru', 'fifo'`. */
export function listed(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(', ');
}

/**
 * A list of strings that are not empty.
 *
 * @param what - what the strings are, for the error: `names of cookies`
 */
export function checkStrings(setting: string, value: unknown, what: string): readonly string[] {
  // A hole in a list is none of its strings, and `some` would pass over it.
  if (!Array.isArray(value) || Array.from(value).some((item) => typeof item !== 'string' || item === '')) {
    const alone = typeof value === 'string' && value !== '' ? `['${value}']` : undefined;
    throw new ConfigError(setting, value, `a list of ${what}`, alone);
  }
  return value;
}

const BYTE_UNITS: Record<string, number> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 };

/** Bytes from a number or a string such as `'256mb'`. */
export function parseBytes(setting: string, value: unknown): number {
  const allowed = "a number of bytes from 1 up, or a string such as '512kb', '256mb', '1gb'";
  if (typeof value === 'string') {
    const parts = /^(\d+(?:\.\d+)?)(b|kb|mb|gb)?$/i.exec(value.trim());
    if (parts === null) throw new ConfigError(setting, value, allowed);
    return parseBytes(setting, Math.floor(Number(parts[1]) * (BYTE_UNITS[(parts[2] ?? 'b').toLowerCase()] ?? 1)));
  }
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1)
    throw new ConfigError(setting, value, allowed);
  return value;
}
