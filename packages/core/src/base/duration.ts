import { ignoreRejection } from './answer.js';
import { ConfigError } from './errors.js';

/**
 * A length of time: a number of **seconds**, or a string with units (`'250ms'`, `'30s'`, `'5m'`, `'1h30m'`, `'7d'`), in
 * lower case, because `M` is read as months elsewhere. At most 100 years. Any string compiles, as one from the environment
 * has to; what is no duration is an error where it is read, with a suggestion.
 */
export type Duration = number | string;

const UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const ALLOWED = "a number of seconds from 0 to 100 years, or a string such as '250ms', '30s', '5m', '1h30m'";

/** The longest duration that is taken at its word: 100 years. */
export const LONGEST_MS = 100 * 365 * 86_400_000;

/**
 * Milliseconds of a {@link Duration}.
 *
 * @param setting - the option's name, for the error
 * @throws {@link ConfigError} for anything negative, not finite, empty or not understood
 *
 * @example
 * ```ts
 * parseDuration('ttl', 300);     // 300_000
 * parseDuration('ttl', '1h30m'); // 5_400_000
 * ```
 */
export function parseDuration(setting: string, value: unknown): number {
  const ms = typeof value === 'number' ? value * 1000 : typeof value === 'string' ? parseUnits(value) : Number.NaN;
  if (isInRange(ms)) return ms;
  // Where it is a function's answer: one that rejects later, when nobody looks at it any more, would end the process.
  ignoreRejection(value);
  throw new ConfigError(setting, value, ALLOWED, meant(value));
}

function parseUnits(text: string): number {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(text)) return Number.NaN;
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g))
    ms += Number(amount) * (UNIT_MS[unit ?? ''] ?? Number.NaN);
  return ms;
}

function isInRange(ms: number): boolean {
  return ms >= 0 && ms <= LONGEST_MS;
}

const UNIT_WORDS: readonly (readonly [word: RegExp, unit: string])[] = [
  [/milliseconds?|msecs?/g, 'ms'],
  [/seconds?|secs?/g, 's'],
  [/minutes?|mins?/g, 'm'],
  [/hours?|hrs?/g, 'h'],
  [/days?/g, 'd'],
];

/** What somebody meant who wrote a number as a string, or a duration in a spelling of their own. */
function meant(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 40) return undefined;
  let text = value.toLowerCase().replace(/\s+/g, '');
  if (/^\d+(?:\.\d+)?$/.test(text)) {
    return isInRange(parseUnits(`${text}s`)) ? `${Number(text)} or '${text}s'` : undefined;
  }
  for (const [word, unit] of UNIT_WORDS) text = text.replace(word, unit);
  return text !== value && isInRange(parseUnits(text)) ? `'${text}'` : undefined;
}
