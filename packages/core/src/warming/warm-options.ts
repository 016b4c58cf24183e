import { validateHeaderName, validateHeaderValue } from 'node:http';
import { parseDuration } from '../base/duration.js';
import { ConfigError } from '../base/errors.js';
import { checkCount, checkFunction, checkOneOf, checkOptions, isRecord, withDefaults } from '../config/check.js';
import type { WarmFields, WarmOptions, WarmProgress, WarmServer } from './warm-types.js';

export const WARM_OPTIONS = [
  ...(['origin', 'server', 'headers', 'concurrency', 'rate', 'limit', 'timeout', 'onProgress'] as const),
  ...(['signal', 'name', 'whileElsewhere'] as const),
] as const;

const DEFAULTS = { concurrency: 4, limit: 10_000, timeout: '30s', whileElsewhere: 'leave' } as const;

const MOST_AT_ONCE = 1_000;

/** What other tools call these. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  host: 'origin',
  baseUrl: 'origin',
  parallel: 'concurrency',
  rps: 'rate',
  max: 'limit',
};

/** {@link WarmOptions} with nothing left open but what depends on the source. */
export interface WarmSettings {
  readonly origin: string | undefined;
  readonly server: WarmServer | undefined;
  readonly headers: readonly WarmFields[];
  readonly concurrency: number;
  readonly rate: number | undefined;
  readonly limit: number;
  readonly timeoutMs: number;
  readonly onProgress: ((progress: WarmProgress) => void) | undefined;
  readonly signal: AbortSignal | undefined;
  readonly name: string | undefined;
  readonly waits: boolean;
}

/**
 * Reads the options of a warming.
 *
 * @param what - how they are called where they were given
 * @param known - the names that may be given there
 * @throws {@link ConfigError} that names the setting, the value given and what is allowed
 */
export function readWarmOptions(
  what: string,
  options: WarmOptions = {},
  known: readonly string[] = WARM_OPTIONS,
): WarmSettings {
  checkOptions(what, options, known, '', ELSEWHERE);
  const given = withDefaults(DEFAULTS, options);
  const { origin, server, headers, rate, signal, name } = options;
  return {
    origin: origin === undefined ? undefined : readOrigin(`${what}.origin`, origin),
    server,
    headers: readHeaders(`${what}.headers`, headers),
    concurrency: readConcurrency(`${what}.concurrency`, given.concurrency),
    rate: rate === undefined ? undefined : readRate(`${what}.rate`, rate),
    limit: checkCount(`${what}.limit`, given.limit, 1),
    timeoutMs: readTimeout(`${what}.timeout`, given.timeout),
    onProgress: checkFunction(`${what}.onProgress`, options.onProgress, 'a function of the progress'),
    signal: readSignal(`${what}.signal`, signal),
    name: name === undefined ? undefined : readName(`${what}.name`, name),
    waits: checkOneOf(`${what}.whileElsewhere`, given.whileElsewhere, ['leave', 'wait']) === 'wait',
  };
}

function readOrigin(setting: string, given: unknown): string {
  const allowed = "scheme and host as visitors' browsers show them, such as 'https://www.example.com'";
  const url = typeof given === 'string' && URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw new ConfigError(setting, given, allowed);
  // A login may be in it, which nobody is to read in a log.
  if (url.username !== '' || url.password !== '')
    throw new ConfigError(setting, '(not shown)', `${allowed}, without a login`);
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw new ConfigError(setting, given, `${allowed}, without a path`, `'${url.origin}'`);
  return url.origin;
}

function readHeaders(setting: string, given: unknown): readonly WarmFields[] {
  if (given === undefined) return [{}];
  const sets: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (sets.length === 0) throw new ConfigError(setting, given, 'fields by name, or a list of them that is not empty');
  return sets.map((fields) => readFields(setting, fields));
}

/** @throws {@link ConfigError} that shows no value: it may be anybody's credentials */
export function readFields(setting: string, fields: unknown): WarmFields {
  if (!isRecord(fields)) throw new ConfigError(setting, fields, "fields by name, such as { 'accept-language': 'de' }");
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      if (typeof value !== 'string' || !isSendable(name, value))
        throw new ConfigError(`${setting}.${name}`, '(not shown)', 'a text that can be sent as a field');
      return [name.toLowerCase(), value];
    }),
  );
}

function isSendable(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

/** More at a time is no faster, and each has a request, a response and a place to wait. */
function readConcurrency(setting: string, given: number): number {
  if (!Number.isSafeInteger(given) || given < 1 || given > MOST_AT_ONCE)
    throw new ConfigError(setting, given, `a whole number from 1 to ${MOST_AT_ONCE}`);
  return given;
}

function readRate(setting: string, given: unknown): number {
  if (typeof given !== 'number' || !(given > 0) || given === Number.POSITIVE_INFINITY)
    throw new ConfigError(setting, given, 'a number above 0: so many begin in a second');
  return given;
}

function readTimeout(setting: string, given: WarmOptions['timeout'] & {}): number {
  const ms = parseDuration(setting, given);
  if (ms < 1) throw new ConfigError(setting, given, 'a duration of 1 ms or more');
  return ms;
}

function readSignal(setting: string, given: unknown): AbortSignal | undefined {
  if (given !== undefined && !(given instanceof AbortSignal)) throw new ConfigError(setting, given, 'an AbortSignal');
  return given;
}

function readName(setting: string, given: unknown): string {
  if (typeof given !== 'string' || !/^[!-~]{1,64}$/.test(given))
    throw new ConfigError(setting, given, 'a name of 1 to 64 visible ASCII characters');
  return given;
}
