import { CONTENT_CODINGS, type ContentCoding } from '../http/content-coding.js';
import { isHopByHop } from '../http/hop-by-hop.js';
import type { Placeholder, StaleLimits, StoredResponse, TagStamp } from '../ports/stored-response.js';
import type { SelectingMarker } from '../ports/tagged-store.js';

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9110 §5.5, as Node writes it: no CR, LF or NUL, and nothing that `writeHead` would throw at. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** The last moment a Date can hold. */
const LAST_MOMENT = 8.64e15;

/** JSON has no Infinity, and writes NaN as null: a word keeps the two apart. */
const FOREVER = 'inf';

/**
 * The JSON of a stored response's frame. A name is one letter: the header travels with every read.
 *
 * @param unpackedLength - of a body that is compressed in the frame
 */
export function responseHeader(stored: StoredResponse, unpackedLength?: number): unknown {
  return {
    k: stored.key,
    s: stored.status,
    h: stored.headers,
    x: stored.removes.length > 0 ? stored.removes : undefined,
    t: stored.tags.map(({ tag, stamp }) => [tag, stamp]),
    a: stored.storedAt,
    l: stored.lifetimeMs === Number.POSITIVE_INFINITY ? FOREVER : stored.lifetimeMs,
    u: stored.stale === undefined ? undefined : staleNumbers(stored.stale),
    v: stored.selecting,
    e: stored.etag,
    m: stored.lastModified,
    r: stored.route,
    p: stored.producerMs,
    o: stored.placeholders.length > 0 ? stored.placeholders.map(({ name, at }) => [name, at]) : undefined,
    n: unpackedLength,
    c: stored.codings,
    i: stored.inputs,
  };
}

/** The JSON of a selecting marker's frame. */
export function markerHeader(key: string, marker: SelectingMarker): unknown {
  return { k: key, v: marker.selecting };
}

/**
 * The stored response that a header and a body make; `undefined` when a field is missing, of another type or out of range.
 *
 * @param length - of the body as it is sent
 */
export function readResponse(header: unknown, key: string, body: Buffer, length: number): StoredResponse | undefined {
  if (!isRecord(header) || header['k'] !== key) return undefined;
  const { s: status, h: headers, a: storedAt, l: lifetime, v: selecting } = header;
  const { e: etag, m: lastModified, r: route, p: producerMs, x: removes = [], c: codings, i: inputs } = header;
  const tags = readPairs(header['t'], isString);
  const placeholders = header['o'] === undefined ? [] : readPairs(header['o'], isNumber);
  const lifetimeMs = readLifetime(lifetime);
  const stale = readStale(header['u']);
  const whole =
    isStatus(status) &&
    isHeaderList(headers) &&
    isNameList(removes) &&
    tags !== undefined &&
    isNumber(storedAt) &&
    inRange(storedAt, 0, LAST_MOMENT) &&
    lifetimeMs !== undefined &&
    stale !== false &&
    isSelecting(selecting) &&
    (etag === undefined || (isString(etag) && FIELD_VALUE.test(etag))) &&
    (lastModified === undefined || (isNumber(lastModified) && inRange(lastModified, -LAST_MOMENT, LAST_MOMENT))) &&
    isString(route) &&
    isNumber(producerMs) &&
    producerMs >= 0 &&
    placeholders !== undefined &&
    fitBody(placeholders, length) &&
    (codings === undefined || isCodings(codings)) &&
    (inputs === undefined || (Array.isArray(inputs) && inputs.every(isString)));
  if (!whole) return undefined;
  return {
    key,
    status,
    headers,
    removes,
    body,
    selecting,
    tags: tags.map(([tag, stamp]): TagStamp => ({ tag, stamp })),
    storedAt,
    lifetimeMs,
    stale,
    etag,
    lastModified,
    route,
    producerMs,
    placeholders: placeholders.map(([name, at]): Placeholder => ({ name, at })),
    ...(codings === undefined ? {} : { codings }),
    ...(inputs === undefined ? {} : { inputs }),
  };
}

/** The marker that a header makes; `undefined` for another key or anything malformed. */
export function readMarker(header: unknown, key: string): SelectingMarker | undefined {
  if (!isRecord(header) || header['k'] !== key) return undefined;
  const selecting = header['v'];
  return isSelecting(selecting) ? { selecting } : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

/** JSON has no NaN, but `1e999` reads as Infinity: only the lifetime may be that, and only by its word. */
function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

function readLifetime(value: unknown): number | undefined {
  if (value === FOREVER) return Number.POSITIVE_INFINITY;
  return isNumber(value) && value >= 0 ? value : undefined;
}

function staleNumbers(stale: StaleLimits): readonly (number | typeof FOREVER)[] {
  const limits = [stale.whileRevalidateMs, stale.ifErrorMs, stale.revalidatableMs];
  return limits.map((limit) => (limit === Number.POSITIVE_INFINITY ? FOREVER : limit));
}

/** `false` for what is neither absent nor three durations. */
function readStale(value: unknown): StaleLimits | undefined | false {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [whileRevalidateMs, ifErrorMs, revalidatableMs] = value.map(readLifetime);
  if (whileRevalidateMs === undefined || ifErrorMs === undefined || revalidatableMs === undefined) return false;
  return { whileRevalidateMs, ifErrorMs, revalidatableMs };
}

function inRange(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}

/** What may be stored at all: RFC 9110 §15, final status codes. */
function isStatus(value: unknown): value is number {
  return Number.isInteger(value) && inRange(value as number, 200, 599);
}

/**
 * Name, value, name, value: nothing in it ends a field line or begins another, and nothing says where the message ends.
 *
 * Whoever writes a hit states the length of the body that it sends. A second one that differs, or a transfer coding, would
 * make part of the body the next response on the connection (RFC 9112 §6.3, §11.2).
 */
function isHeaderList(value: unknown): value is string[] {
  if (!Array.isArray(value) || value.length % 2 !== 0) return false;
  for (let i = 0; i < value.length; i += 2) {
    const name: unknown = value[i];
    const content: unknown = value[i + 1];
    if (!isString(name) || !TOKEN.test(name) || !isString(content) || !FIELD_VALUE.test(content)) return false;
    const lower = name.toLowerCase();
    if (lower === 'content-length' || isHopByHop(lower)) return false;
  }
  return true;
}

/** Field names, lower case, as they are compared. */
function isNameList(value: unknown): value is string[] {
  const isName = (name: unknown): boolean => isString(name) && TOKEN.test(name) && name === name.toLowerCase();
  return Array.isArray(value) && value.every(isName);
}

/** Sorted too, and each once: two orders of the same names would be two variants. */
function isSelecting(value: unknown): value is string[] {
  return isNameList(value) && value.every((name, i) => i === 0 || (value[i - 1] as string) < name);
}

/** Codings that are known, each once. */
function isCodings(value: unknown): value is ContentCoding[] {
  const isCoding = (coding: unknown): boolean => CONTENT_CODINGS.some((known) => known === coding);
  return Array.isArray(value) && value.every((coding, i) => isCoding(coding) && value.indexOf(coding) === i);
}

function readPairs<T>(value: unknown, isSecond: (second: unknown) => second is T): [string, T][] | undefined {
  if (!Array.isArray(value)) return undefined;
  const pairs = value as unknown[];
  const isPair = (pair: unknown): pair is [string, T] =>
    Array.isArray(pair) && pair.length === 2 && isString(pair[0]) && pair[0] !== '' && isSecond(pair[1]);
  return pairs.every(isPair) ? pairs : undefined;
}

/** Offsets are in order and inside the body, so that the parts between them can be cut without looking. */
function fitBody(placeholders: readonly [string, number][], length: number): boolean {
  let least = 0;
  for (const [, at] of placeholders) {
    if (!Number.isInteger(at) || !inRange(at, least, length)) return false;
    least = at;
  }
  return true;
}
