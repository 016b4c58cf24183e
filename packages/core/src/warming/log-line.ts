/**
 * Date, request, status: `[22/Nov/2026:17:40:47 +0000] "GET /cities/7 HTTP/1.1" 200`, as Apache and nginx write it in the common and
 * the combined format. Nothing in quotes or brackets stands in front of it.
 */
const COMBINED = /^[^"[\]]*\[[^"[\]]+\] "GET (\S+) HTTP\/\d(?:\.\d)?" 200(?!\d)/;
/** The end of a request. Where another one follows, a client has written it: not every logger escapes quotes. */
const REQUEST_END = /HTTP\/\d(?:\.\d)?"/;

/** A line of these formats, whatever was asked for, such as `"POST / HTTP/1.1" 201` or `"-" 408`. */
const OTHER = /^[^"[\]]*\[[^"[\]]+\] "[^"]*" \d{3}(?!\d)/;

/** What loggers call these, in the order in which they are looked for. */
const METHODS = ['method', 'request_method', 'verb', 'RequestMethod'];
const URLS = ['url', 'originalUrl', 'request_uri', 'uri', 'path', 'RequestPath'];
const STATUSES = ['status', 'statusCode', 'status_code', 'DownstreamStatus'];
/** Where some of them put these: `{ req: { method, url }, res: { statusCode } }`. */
const WITHIN = ['req', 'request', 'res', 'response', 'http', 'httpRequest'];

/**
 * What a line of an access log says was asked for, and answered with: a GET and a 200 alone. In the combined format, or as JSON.
 *
 * What is of the client's own choice beside the target, such as its `User-Agent`, is never taken for a request.
 *
 * @returns the target as it was sent; `undefined` for everything else
 */
export function targetIn(line: string): string | undefined {
  return line.trimStart().startsWith('{') ? targetInJson(line) : targetInCombined(line);
}

/** Whether a line is of a format that {@link targetIn} reads, whatever it says. */
export function isLogLine(line: string): boolean {
  if (!line.trimStart().startsWith('{')) return OTHER.test(line);
  const places = placesIn(parsed(line));
  return [METHODS, URLS, STATUSES].every((names) => find(places, names) !== undefined);
}

function targetInCombined(line: string): string | undefined {
  const [front, target] = COMBINED.exec(line) ?? [];
  return front === undefined || REQUEST_END.test(line.slice(front.length)) ? undefined : target;
}

function targetInJson(line: string): string | undefined {
  const places = placesIn(parsed(line));
  const isMeant = find(places, METHODS) === 'GET' && Number(find(places, STATUSES)) === 200;
  const url = find(places, URLS);
  return isMeant && typeof url === 'string' ? url : undefined;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // Broken off, or not what it seemed to be.
    return undefined;
  }
}

function placesIn(told: unknown): readonly object[] {
  if (typeof told !== 'object' || told === null) return [];
  const within = WITHIN.map((name) => Reflect.get(told, name));
  return [told, ...within.filter((place) => typeof place === 'object' && place !== null)];
}

function find(places: readonly object[], names: readonly string[]): unknown {
  for (const name of names) for (const place of places) if (Object.hasOwn(place, name)) return Reflect.get(place, name);
  return undefined;
}
