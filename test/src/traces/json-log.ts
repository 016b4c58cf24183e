import { type Trace, traceOf } from './trace.js';

/** Where the logs of nginx, pino, morgan and Caddy have what was asked for, and what came of it. */
const TARGETS = ['url', 'path', 'uri', 'request_uri', 'request', 'req'];
const METHODS = ['method', 'request_method', 'request', 'req'];
const STATUSES = ['status', 'statusCode', 'status_code', 'response', 'res'];
const SIZES = ['body_bytes_sent', 'bytes_sent', 'bytes', 'size', 'length', 'responseSize'];

type Fields = Readonly<Record<string, unknown>>;

/**
 * An access log with a JSON object a line, of which the GETs and HEADs that were answered by 200 are taken.
 *
 * @returns `undefined` where it is none
 * @throws where no line says what was asked for
 */
export function jsonLog(name: string, lines: readonly string[]): Trace | undefined {
  if (lines[0]?.startsWith('{') !== true) return undefined;
  const requests = lines.flatMap((line) => requestOf(line) ?? []);
  if (requests.length === 0)
    throw new Error(
      `the JSON lines have none of the fields ${TARGETS.join(', ')} with a path, or no GET answered by 200`,
    );
  const keys = requests.map(({ key }) => key);
  const hasSizes = requests.some(({ size }) => size !== undefined);
  return hasSizes
    ? traceOf(
        name,
        keys,
        requests.map(({ size }) => Math.max(1, size ?? 1)),
      )
    : traceOf(name, keys);
}

function requestOf(line: string): { readonly key: string; readonly size: number | undefined } | undefined {
  const fields = fieldsOf(line);
  const asked = text(fields, TARGETS, ['url', 'uri', 'path']);
  if (asked === undefined) return undefined;
  // A request line, or only what is in the middle of it.
  const [, method = text(fields, METHODS, ['method']) ?? 'GET', key = asked] =
    /^([A-Z]+) (\S+)(?: HTTP\/\S+)?$/.exec(asked) ?? [];
  const status = text(fields, STATUSES, ['statusCode', 'status']) ?? '200';
  if ((method !== 'GET' && method !== 'HEAD' && method !== asked) || status !== '200') return undefined;
  const size = Number(text(fields, SIZES, []) ?? Number.NaN);
  return { key, size: Number.isFinite(size) ? size : undefined };
}

function fieldsOf(line: string): Fields {
  try {
    return Object(JSON.parse(line)) as Fields;
  } catch {
    return {};
  }
}

/** The first of some fields that is text or a number; of one that is an object, the first of its own. */
function text(fields: Fields, names: readonly string[], inner: readonly string[]): string | undefined {
  for (const name of names) {
    const value = fields[name];
    if (typeof value === 'string' || typeof value === 'number') return String(value);
    const found = typeof value === 'object' && value !== null ? text(value as Fields, inner, []) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
