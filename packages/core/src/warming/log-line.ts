/**
 * Date, request, status: `[22/Nov/2026:17:40:47 +0000] "GET /cities/7 HTTP/1.1" 200`, as Apache and nginx write it in the common and
 * the combined format. Nothing in quotes or brackets stands in front of it.
 */
const COMBINED = /^[^"[\]]*\[[^"[\]]+\] "GET (\S+) HTTP\/\d(?:\.\d)?" 200(?!\d)/;
/** The end of a request. Where another one follows, a client has written it: not every logger escapes quotes. */
const REQUEST_END = /HTTP\/\d(?:\.\d)?"/;

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

function targetInCombined(line: string): string | undefined {
  const [front, target] = COMBINED.exec(line) ?? [];
  return front === undefined || REQUEST_END.test(line.slice(front.length)) ? undefined : target;
}

function targetInJson(line: string): string | undefined {
  let told: unknown;
  try {
    told = JSON.parse(line);
  } catch {
    // Broken off, or not what it seemed to be.
    return undefined;
  }
  const places = placesIn(told);
  const isMeant = find(places, METHODS) === 'GET' && Number(find(places, STATUSES)) === 200;
  const url = find(places, URLS);
  return isMeant && typeof url === 'string' ? url : undefined;
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
