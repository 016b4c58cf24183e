import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AcceptedCodings, parseAcceptEncoding, preferredCoding } from '../http/content-coding.js';
import type { CodedBody } from '../ports/coded-body.js';

/** Clients say one of a handful of things; who says more is read each time. */
const REMEMBERED = 200;
const LONGEST = 200;
const accepted = new Map<string, AcceptedCodings>();

/**
 * The coding of a stored body to answer a request with; `undefined` for the body as it is.
 *
 * A part is a part of the body as it is (RFC 9110 §14.2 would allow another for each coding, and clients would put them
 * together). Where middleware in front has taken `write` over, it codes by itself, and would by its own rules.
 */
export function codedFor(
  req: IncomingMessage,
  res: ServerResponse,
  coded: readonly CodedBody[],
): CodedBody | undefined {
  const { headers } = req;
  const field = headers['accept-encoding'];
  if (field === undefined || headers.range !== undefined || Object.hasOwn(res, 'write')) return undefined;
  const coding = preferredCoding(acceptedBy(String(field)), coded.map(codingOf));
  return coding === undefined ? undefined : coded.find((one) => one.coding === coding);
}

function codingOf({ coding }: CodedBody): CodedBody['coding'] {
  return coding;
}

function acceptedBy(field: string): AcceptedCodings {
  const known = accepted.get(field);
  if (known !== undefined) return known;
  const read = parseAcceptEncoding(field);
  if (accepted.size < REMEMBERED && field.length <= LONGEST) accepted.set(field, read);
  return read;
}

/** The last header array of each coding, and that of the body as it is which it was made of. */
const heads = new WeakMap<CodedBody, { readonly of: readonly string[]; readonly head: readonly string[] }>();

/** The header array of a coding, given that of the body as it is: made once for each of those. */
export function codedHead(coded: CodedBody, head: readonly string[]): readonly string[] {
  const last = heads.get(coded);
  if (last?.of === head) return last.head;
  const own: string[] = [];
  for (let i = 0; i < head.length; i += 2) {
    const name = head[i] ?? '';
    const lower = name.toLowerCase();
    if (lower === 'content-length') own.push('Content-Encoding', coded.coding, name, String(coded.body.length));
    else own.push(name, lower === 'etag' && coded.etag !== undefined ? coded.etag : (head[i + 1] ?? ''));
  }
  heads.set(coded, { of: head, head: own });
  return own;
}

/** Names Accept-Encoding in Vary, in a header array that is being made: what is kept in codings depends on it. */
export function addAcceptEncoding(head: string[]): void {
  const at = head.findLastIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'vary');
  if (at < 0) {
    head.push('Vary', 'accept-encoding');
    return;
  }
  const value = head[at + 1] ?? '';
  if (!/(?:^|,)[\t ]*(?:\*|accept-encoding)[\t ]*(?:,|$)/i.test(value)) head[at + 1] = `${value}, accept-encoding`;
}
