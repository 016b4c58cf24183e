import type { StoredResponse, TagStamp } from '../ports/stored-response.js';
import type { Candidate } from './lead.js';

/** Where memory is the only store nobody compares stamps: the records of the tags say all. */
export const NO_STAMPS: readonly TagStamp[] = [];

/** Tags on their way to a shared store, which has yet to stamp them. */
export function unstamped(tags: readonly string[]): readonly TagStamp[] {
  return tags.map((tag) => ({ tag, stamp: '' }));
}

/** The tags of a stored response by name. */
export function tagNames(stored: StoredResponse): readonly string[] {
  return stored.tags.map((stamp) => stamp.tag);
}

/** Makes of a finished response the one that is stored, under the key of its variant. */
export function makeStored(
  key: string,
  selecting: readonly string[],
  candidate: Candidate,
  tags: readonly TagStamp[],
  storedAt: number,
): StoredResponse {
  const { status, headers, removes, body, lifetimeMs, stale, etag, lastModified, route, producerMs, placeholders } =
    candidate;
  // Written out: a spread costs each miss as much as the rest of its way through here.
  return {
    key,
    status,
    headers,
    removes,
    body,
    selecting,
    tags,
    storedAt,
    lifetimeMs,
    stale,
    etag,
    lastModified,
    route,
    producerMs,
    placeholders,
    codings: candidate.codings,
    held: candidate.held,
    inputs: candidate.inputs,
  };
}

/** A value as L1 holds it: what it is, and not its bytes besides. */
export function inMemory(stored: StoredResponse): StoredResponse {
  return stored.held === undefined ? stored : { ...stored, body: NO_BYTES };
}

const NO_BYTES = Buffer.alloc(0);
