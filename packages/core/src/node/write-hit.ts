import { type IncomingMessage, ServerResponse } from 'node:http';
import type { LocalItem } from '../engine/local-item.js';
import { isConditional } from '../http/preconditions.js';
import { type ByteRange, formatContentRange, formatUnsatisfiedRange } from '../http/range.js';
import { answerInstead, forbidStoring } from './answer-instead.js';
import { addAcceptEncoding, codedFor, codedHead } from './coded-answer.js';
import { isListField } from './response-head.js';
import { partOf } from './write-part.js';

/** Fields of a 304 (RFC 9110 §15.4.5), targeted ones too; Cache-Status and Age tell how it came about. */
const NOT_MODIFIED = /^(?:.*cache-control|content-location|date|etag|expires|vary|age|cache-status)$/;

/** Fields of an answer that is neither the stored response nor a part of it. */
const REFUSED = /^(?:date|vary|cache-status)$/;

/** How one route's hits are written. One object a route, so that a header array made by it can be known again. */
export interface HitStyle {
  /** The Cache-Status value for an answer with this many seconds of freshness left; `undefined` for no such field. */
  cacheStatus(item: LocalItem, ttlSeconds: number): string | undefined;
  /** The Server-Timing value; `undefined` for no such field. */
  serverTiming(item: LocalItem): string | undefined;
  /** Name and value in turn of what the answer has from its handler, and of what is added; what is stored, if there is none. */
  fields?(item: LocalItem): readonly string[];
  /** Milliseconds since the epoch. */
  wallClock(): number;
  /** Fields of outer middleware to write along, where it does not run: name, value, name, value. */
  readonly front: readonly string[];
}

/**
 * Writes a stored response out: status, header array, body.
 *
 * Fields that outer middleware has set for this very response stay; nothing is computed that was known when the
 * response was stored. Conditional and range requests are answered from it, in the order of RFC 9110 §13.2.2; a 304 has no
 * Content-Length.
 *
 * @param now - monotonic time
 * @param filled - the body with its placeholders filled in, where it has any
 */
export function writeHit(
  req: IncomingMessage,
  res: ServerResponse,
  item: LocalItem,
  now: number,
  style: HitStyle,
  filled?: Buffer,
): void {
  const { stored } = item;
  const coded = item.coded === undefined || filled !== undefined ? undefined : codedFor(req, res, item.coded);
  const body = coded?.body ?? filled ?? stored.body;
  const whole = headOf(item, now, style, filled);
  const head = coded === undefined ? whole : codedHead(coded, whole);
  const { headers } = req;
  // A body with holes is another one each time: nothing can be said of it beforehand, and no part of it fits another.
  if (filled === undefined && isConditional(headers)) {
    const selected = coded === undefined ? stored : { ...stored, etag: coded.etag };
    const status = answerInstead(req.method, headers, selected, style.wallClock());
    if (status !== undefined) {
      writeWithoutBody(res, status, head);
      return;
    }
  }
  if (filled === undefined && headers.range !== undefined) {
    const part = partOf(req, res, stored, style.wallClock());
    if (part !== undefined) {
      writePart(res, head, stored.body, part);
      return;
    }
  }
  if (res.writeHead === writeHead && res.getHeaderNames().length === 0) {
    res.writeHead(stored.status, head as string[]);
  } else {
    setFields(res, head, stored.removes);
    res.statusCode = stored.status;
  }
  if (req.method === 'HEAD') res.end();
  else res.end(body);
}

const { writeHead } = ServerResponse.prototype;

/** The header array of this second; a busy response is asked for many times within one. */
function headOf(item: LocalItem, now: number, style: HitStyle, filled: Buffer | undefined): readonly string[] {
  const age = Math.max(0, Math.floor((now - item.generatedAt) / 1000));
  if (item.headAge === age && item.headStyle === style && item.head !== undefined) return item.head;
  const { stored } = item;
  const head = [...frontOf(style.front, item), ...(style.fields?.(item) ?? stored.headers)];
  // One that was made here is none of the handler's fields.
  if (stored.etag !== undefined && !hasField(stored.headers, 'etag')) head.push('ETag', stored.etag);
  // A response that cannot have a body states no length (RFC 9110 §8.6).
  if (stored.status !== 204) head.push('Content-Length', String((filled ?? stored.body).length));
  if (stored.codings !== undefined) addAcceptEncoding(head);
  head.push('Age', String(age));
  const status = style.cacheStatus(item, stored.lifetimeMs / 1000 - age);
  if (status !== undefined) head.push('Cache-Status', status);
  const timing = style.serverTiming(item);
  if (timing !== undefined) head.push('Server-Timing', timing);
  if (filled === undefined) {
    item.head = head;
    item.headAge = age;
    item.headStyle = style;
  }
  return head;
}

function frontOf(front: readonly string[], { stored }: LocalItem): readonly string[] {
  if (front.length === 0) return front;
  const kept: string[] = [];
  for (let i = 0; i < front.length; i += 2) {
    const name = (front[i] ?? '').toLowerCase();
    const isReplaced = !isListField(name) && hasField(stored.headers, name);
    if (!isReplaced && !stored.removes.includes(name)) kept.push(front[i] ?? '', front[i + 1] ?? '');
  }
  return kept;
}

function writeWithoutBody(res: ServerResponse, status: 304 | 412 | 416, head: readonly string[]): void {
  const isKept = status === 304 ? NOT_MODIFIED : REFUSED;
  setFields(
    res,
    fieldsWhere(head, (name) => isKept.test(name)),
    [],
  );
  if (status !== 304) forbidStoring(res);
  res.statusCode = status;
  res.end();
}

function writePart(
  res: ServerResponse,
  head: readonly string[],
  body: Buffer,
  part: ByteRange | 'unsatisfiable',
): void {
  if (part === 'unsatisfiable') {
    res.setHeader('Content-Range', formatUnsatisfiedRange(body.length));
    writeWithoutBody(res, 416, head);
    return;
  }
  const { start, end } = part;
  setFields(
    res,
    fieldsWhere(head, (name) => name !== 'content-length' && name !== 'content-range'),
    [],
  );
  res.setHeader('Content-Range', formatContentRange(part, body.length));
  res.setHeader('Content-Length', end - start + 1);
  res.statusCode = 206;
  res.end(body.subarray(start, end + 1));
}

function fieldsWhere(head: readonly string[], isKept: (name: string) => boolean): string[] {
  const fields: string[] = [];
  for (let i = 0; i < head.length; i += 2) {
    const name = head[i] ?? '';
    if (isKept(name.toLowerCase())) fields.push(name, head[i + 1] ?? '');
  }
  return fields;
}

function hasField(fields: readonly string[], name: string): boolean {
  return fields.some((own, at) => at % 2 === 0 && own.length === name.length && own.toLowerCase() === name);
}

/** Sets fields beside those of middleware in front: lists are added to, others replaced, and what was taken away goes. */
export function setFields(res: ServerResponse, head: readonly string[], removes: readonly string[]): void {
  for (const name of removes) res.removeHeader(name);
  const own = new Map<string, [name: string, lines: string[]]>();
  for (let i = 0; i < head.length; i += 2) {
    const name = head[i] ?? '';
    const lower = name.toLowerCase();
    const lines = own.get(lower)?.[1];
    if (lines === undefined) own.set(lower, [name, [head[i + 1] ?? '']]);
    else lines.push(head[i + 1] ?? '');
  }
  for (const [lower, [name, lines]] of own) {
    const outer = isListField(lower) ? res.getHeader(name) : undefined;
    if (outer === undefined) res.setHeader(name, lines.length === 1 ? (lines[0] ?? '') : lines);
    else if (typeof outer === 'object') res.setHeader(name, [...outer, ...lines]);
    else res.setHeader(name, [String(outer), ...lines].join(', '));
  }
}
