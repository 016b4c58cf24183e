import { ConfigError } from '../base/errors.js';
import { isToken } from '../http/syntax.js';
import { isTag } from '../invalidation/tags.js';
import { checkOneOf, checkStrings, isRecord, listed, parseBytes } from './check.js';
import { REQUEST_DIRECTIVES, type RequestDirective, type ViewOptions } from './view-option-types.js';

/** A body is held in one piece. */
export const LARGEST_BODY = 1024 ** 3;

export function readBodyLimit(setting: string, value: number | string): number {
  const bytes = parseBytes(setting, value);
  if (bytes > LARGEST_BODY) throw new ConfigError(setting, value, "at most '1gb'");
  return bytes;
}

export function readPrefix(setting: string, prefix: unknown): string {
  if (typeof prefix === 'string' && (prefix === '' || isTag(prefix))) return prefix;
  throw new ConfigError(setting, prefix, 'a string of at most 256 characters without control characters');
}

export function readFieldNames(setting: string, names: unknown): readonly string[] {
  const allowed = "names of request fields, such as 'accept-language'";
  for (const name of checkStrings(setting, names, allowed)) {
    // `*` is a token, and says in Vary that nobody knows what selects.
    if (!isToken(name) || name === '*') throw new ConfigError(setting, name, allowed);
  }
  return [...new Set((names as readonly string[]).map((name) => name.toLowerCase()))].sort();
}

/** In the order given: the first that a response has counts. */
export function readTargets(setting: string, names: unknown, isStandard: boolean): readonly string[] {
  const allowed = "names of response fields, such as 'CDN-Cache-Control', with ttl: 'origin'";
  const targets = checkStrings(setting, names, allowed).map((name) => name.toLowerCase());
  if (targets.length > 0 && !isStandard) throw new ConfigError(setting, names, allowed);
  for (const name of targets) {
    // Cache-Control is what counts where no target does; it has another syntax.
    if (!isToken(name) || name === 'cache-control') throw new ConfigError(setting, name, allowed);
  }
  return [...new Set(targets)];
}

export function readTags<Req, Res>(setting: string, tags: NonNullable<ViewOptions<Req, Res>['tags']>) {
  if (typeof tags === 'function') return tags;
  // A copy is nobody else's to change, and has no holes, which `every` would pass over.
  const copy = Array.isArray(tags) ? [...tags] : [tags];
  if (!Array.isArray(tags) || !copy.every(isTag)) {
    throw new ConfigError(
      setting,
      Array.isArray(tags) ? tags.find((tag) => !isTag(tag)) : tags,
      'a list of strings of 1 to 256 characters without control characters, or a function',
      isTag(tags) ? `['${tags}']` : undefined,
    );
  }
  return copy;
}

/** A cookie's name is a token (RFC 6265 §4.1.1). */
export function readCookieNames(setting: string, names: unknown): ReadonlySet<string> | undefined {
  if (names === undefined) return undefined;
  const allowed = "names of cookies, such as '_ga'";
  for (const name of checkStrings(setting, names, allowed)) {
    if (!isToken(name)) throw new ConfigError(setting, name, allowed);
  }
  return new Set(names as readonly string[]);
}

export function readMethods(setting: string, methods: unknown, isKeyed: boolean): ReadonlySet<string> {
  const allowed = 'GET and HEAD; others only with a `key` that covers the body, such as a hash of it';
  const names = checkStrings(setting, methods, `methods: ${allowed}`).map((name) => name.toUpperCase());
  if (names.length === 0) throw new ConfigError(setting, methods, allowed);
  for (const name of names) {
    if (!isToken(name) || (name !== 'GET' && name !== 'HEAD' && !isKeyed))
      throw new ConfigError(setting, name, allowed);
  }
  return new Set(names);
}

export function readHonours(setting: string, directives: unknown): ReadonlySet<RequestDirective> | undefined {
  if (directives === undefined) return undefined;
  const words = checkStrings(setting, directives, `request directives, of ${listed(REQUEST_DIRECTIVES)}`);
  const names = words.map((name) => checkOneOf(setting, name, REQUEST_DIRECTIVES));
  return names.length === 0 ? undefined : new Set(names);
}

export function readPlaceholders<Fill>(setting: string, placeholders: Readonly<Record<string, Fill>>) {
  if (!isRecord(placeholders)) {
    throw new ConfigError(setting, placeholders, 'an object of functions that return the value to fill in');
  }
  return Object.entries(placeholders).map(([name, fill]) => {
    if (typeof fill !== 'function')
      throw new ConfigError(`${setting}.${name}`, fill, 'a function that returns the value to fill in');
    return [name, fill] as const;
  });
}
