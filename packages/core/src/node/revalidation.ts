import { type IncomingMessage, type OutgoingHttpHeader, ServerResponse } from 'node:http';
import type { Candidate } from '../engine/lead.js';
import type { StaleItem } from '../engine/local-item.js';
import { parseCacheControl } from '../http/cache-control.js';
import { isEntityTag, strongMatch, weakMatch } from '../http/entity-tag.js';
import { freshenedFields } from '../http/freshen.js';
import { withheldFields } from '../http/hop-by-hop.js';
import type { StaleLimits, StoredResponse } from '../ports/stored-response.js';
import { type OuterFields, ResponseHead } from './response-head.js';
import { setFields } from './write-hit.js';

/** The fields by which a handler is asked whether a stored response still holds (RFC 9111 §4.3.1). */
export type Validating = Partial<Record<'if-none-match' | 'if-modified-since', string>>;

/**
 * What to ask a handler about a stored response that is not fresh; `undefined` where nothing may be asked.
 *
 * Only of one whose tags were valid in the read that took the fill token (PROTOCOL 4.10), and by validators that its
 * handler has given it: of one that was made here no handler knows anything.
 *
 * @param now - monotonic time
 */
export function validatingFields(found: StaleItem | undefined, now: number): Validating | undefined {
  if (found?.validity !== 'valid') return undefined;
  const { item } = found;
  const { stored, freshUntil } = item;
  if (now >= freshUntil + (stored.stale?.revalidatableMs ?? 0)) return undefined;
  const etag = lineOf(stored, 'etag');
  const lastModified = lineOf(stored, 'last-modified');
  const fields: Validating = {};
  if (etag !== undefined && isEntityTag(etag)) fields['if-none-match'] = etag;
  if (lastModified !== undefined && stored.lastModified !== undefined) fields['if-modified-since'] = lastModified;
  return fields['if-none-match'] === undefined && fields['if-modified-since'] === undefined ? undefined : fields;
}

/** Adds to what a response may be used for once it is stale, that it may be validated for so many milliseconds. */
export function toBeRevalidated(limits: StaleLimits | undefined, revalidatableMs: number): StaleLimits | undefined {
  if (revalidatableMs === 0) return limits;
  return { whileRevalidateMs: 0, ifErrorMs: 0, ...limits, revalidatableMs };
}

/**
 * Whether a 304 speaks of the stored response (RFC 9111 §4.3.4): one with a validator of its own has to have the same.
 *
 * @param update - the head of the 304, as the handler wrote it
 */
export function speaksOf(stored: StoredResponse, update: ResponseHead): boolean {
  const etag = update.ownField('etag');
  if (etag === undefined || !isEntityTag(etag)) return true;
  const known = lineOf(stored, 'etag');
  if (known === undefined) return false;
  return etag.startsWith('W/') ? weakMatch(etag, known) : strongMatch(etag, known);
}

/**
 * Whether the head with which a handler has answered HEAD is that of the stored response (RFC 9111 §4.3.5). It has to have a
 * validator: without one nothing vouches for the body that it does not come with.
 */
export function describes(stored: StoredResponse, head: ResponseHead): boolean {
  if (head.status !== stored.status) return false;
  const length = head.field('content-length');
  const etag = head.ownField('etag');
  const modified = head.ownField('last-modified');
  return (
    (etag !== undefined || modified !== undefined) &&
    (length === undefined || Number(length) === stored.body.length) &&
    (etag === undefined || weakMatch(etag, lineOf(stored, 'etag') ?? '')) &&
    (modified === undefined || modified === lineOf(stored, 'last-modified'))
  );
}

/** The head of a stored response with the fields of a HEAD's; the one that goes out stays as its handler wrote it. */
export function updatedHead(req: IncomingMessage, stored: StoredResponse, update: ResponseHead): ResponseHead {
  const draft = new ServerResponse(req);
  for (const [name, value] of update.outer ?? []) draft.setHeader(name, value as string);
  return restoreHead(draft, stored, update, update.outer);
}

/**
 * Makes of a response on which a handler has written a 304 the stored one again, its fields brought up
 * to date, with what middleware in front had set.
 *
 * @param update - `undefined` where the stored fields stay as they are
 */
export function restoreHead(
  res: ServerResponse,
  stored: StoredResponse,
  update: ResponseHead | undefined,
  outer: OuterFields | undefined,
): ResponseHead {
  for (const name of res.getHeaderNames()) {
    const before: OutgoingHttpHeader | undefined = outer?.get(name);
    if (before === undefined) res.removeHeader(name);
    else res.setHeader(name, before as string);
  }
  const fields = update === undefined ? stored.headers : updatedFields(stored, update);
  setFields(res, fields, stored.removes);
  res.statusCode = stored.status;
  res.statusMessage = '';
  // What is stored is the handler's own, also where middleware in front says the same.
  const own = new Set(fields.flatMap((name, at) => (at % 2 === 0 ? [name.toLowerCase()] : [])));
  return new ResponseHead(res, stored.status, [], outer, own);
}

function updatedFields(stored: StoredResponse, update: ResponseHead): string[] {
  const withheld = withheldFields(update.field('connection'), parseCacheControl(update.ownLines('cache-control')));
  const fields = freshenedFields(stored.headers, update.own, withheld);
  if (update.ownField('date') !== undefined) return fields;
  // It was made long ago, and found to hold now: its age is counted from here (RFC 9111 §4.3.4).
  return fields.filter((_, at) => fields[at - (at % 2)]?.toLowerCase() !== 'date');
}

/**
 * What a freshened response depends on: what it did when it was made, and what was read to find that it still holds.
 *
 * @param own - the tags of its key, which it has anyway
 */
export function freshenedCandidate(made: Candidate, { item, tags }: StaleItem, own: readonly string[]): Candidate {
  const { stored } = item;
  if (item.reasons !== undefined) made.reasons?.takeOver(item.reasons);
  return {
    ...made,
    reasons: made.reasons ?? item.reasons,
    tags: [...new Set([...tags.filter((tag) => !own.includes(tag)), ...made.tags])],
    selecting: [...new Set([...stored.selecting, ...made.selecting])].sort(),
    // What a hit saves is the making.
    producerMs: Math.max(made.producerMs, stored.producerMs),
  };
}

function lineOf({ headers }: StoredResponse, name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) if (headers[i]?.toLowerCase() === name) return headers[i + 1];
  return undefined;
}
