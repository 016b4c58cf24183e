import type { IncomingMessage, OutgoingHttpHeader, ServerResponse } from 'node:http';
import { saysTrue } from '../base/answer.js';
import type { Candidate } from '../engine/lead.js';
import { isProperty } from '../engine/selecting-values.js';
import { jittered } from '../engine/stale-uses.js';
import { isStoredField, withheldFields } from '../http/hop-by-hop.js';
import { formatHttpDate, parseHttpDate } from '../http/http-date.js';
import type { Validators } from '../http/preconditions.js';
import { parseVary } from '../http/vary.js';
import type { Refusal } from '../ports/event-sink.js';
import type { Placeholder } from '../ports/stored-response.js';
import { LEAST_CODED } from './codings-of.js';
import { cookieName, isKnownCookie } from './cookies.js';
import type { Framing } from './frame-head.js';
import type { JudgedRun } from './judged-run.js';
import { forbiddenSince } from './late-word.js';
import { madeEtag } from './made-etag.js';
import { warnOfOption } from './option-warning.js';
import { digHoles, fillingsOf, holds, noncesOf } from './placeholders.js';
import type { Recorder } from './recorder.js';
import type { ResponseHead } from './response-head.js';
import { toBeRevalidated } from './revalidation.js';

/** Looks at a response once more when outer middleware has written its head: a session, a nonce or its word may have come late. */
export function refusesLate<Req extends IncomingMessage, Res extends ServerResponse>(
  candidate: Candidate,
  recorder: Recorder,
  run: JudgedRun<Req, Res>,
): Refusal | undefined {
  if (recorder.hasLateCookie && !areKnown(run)) return 'set-cookie';
  const forbidding = forbiddenSince(recorder.said, run.res);
  if (forbidding !== undefined) return forbidding;
  for (const name of POLICY_FIELDS) {
    const nonces = noncesOf(lineOf(run.res.getHeader(name)));
    if (nonces.some((nonce) => holds(candidate.body, nonce))) return 'nonce';
  }
  return undefined;
}

const POLICY_FIELDS = ['content-security-policy', 'content-security-policy-report-only'];

/** Fields that are written anew on every hit, or that the stored response has in another form. */
const REWRITTEN: ReadonlySet<string> = new Set(['content-length', 'date', 'age', 'vary', 'cache-status']);

/** Makes of a whole recording what is offered for storing, or says why it is not. */
export function makeCandidate<Req extends IncomingMessage, Res extends ServerResponse>(
  recorder: Recorder,
  head: ResponseHead,
  run: JudgedRun<Req, Res>,
  framing: Framing,
  producerMs: number,
): Candidate | Refusal {
  const { policy } = run;
  if (recorder.isOver) return 'too-large';
  if (recorder.hasTrailers) return 'trailers';
  const body = recorder.takeBody();
  const length = head.field('content-length');
  // A truncated response, or one that says another length than it has, is nobody else's (RFC 9112 §6.3).
  if (length !== undefined && Number(length) !== body.length && !recorder.isBodiless) return 'content-length';
  const filled = fill(body, head, run);
  if (typeof filled === 'string') return filled;
  const headers = storedFields(head, framing, run);
  if (policy.storeIf !== undefined && !asks(policy.storeIf, { status: head.status, headers, body }, run))
    return 'store-if';
  const hasHoles = filled.placeholders.length > 0;
  return {
    status: head.status,
    headers: hasHoles ? withoutField(headers, 'etag') : headers,
    removes: head.removed,
    body: filled.body,
    selecting: framing.selecting,
    tags: framing.tags,
    lifetimeMs: jittered(framing.lifetimeMs, policy.stale.jitterMs),
    initialAgeMs: framing.initialAgeMs,
    stale: toBeRevalidated(framing.stale, hasHoles || !framing.hasValidator ? 0 : policy.revalidatableMs),
    ...(hasHoles ? NO_VALIDATORS : validatorsOf(head, framing, headers, filled.body, run)),
    route: run.host.route(run.req),
    producerMs,
    placeholders: filled.placeholders,
    codings: hasHoles || body.length < LEAST_CODED ? undefined : framing.codings,
    begun: run.begun,
    nested: run.nested,
    nestedVerifiedAt: run.context?.nestedVerifiedAt ?? Number.POSITIVE_INFINITY,
    reasons: run.context?.reasons,
  };
}

const NO_VALIDATORS: Validators = { etag: undefined, lastModified: undefined };

/** Those that are stored with the rest; an entity tag is made where there is none. */
function validatorsOf<Req extends IncomingMessage, Res extends ServerResponse>(
  head: ResponseHead,
  { etag, lastModified }: Framing,
  headers: readonly string[],
  body: Buffer,
  { req, host, method }: JudgedRun<Req, Res>,
): Validators {
  const isStored = (name: string): boolean => headers.some((own, at) => at % 2 === 0 && own.toLowerCase() === name);
  // Only where a condition could be put on it: a page, and not the answer to a search that was posted.
  const isTaggable = etag === undefined && head.status === 200 && method === 'GET';
  return {
    etag: isTaggable ? madeEtag(req, body, host) : isStored('etag') ? etag : undefined,
    lastModified: isStored('last-modified') ? lastModified : undefined,
  };
}

function storedFields<Req extends IncomingMessage, Res extends ServerResponse>(
  head: ResponseHead,
  framing: Framing,
  { policy, runtime }: JudgedRun<Req, Res>,
): string[] {
  const withheld = withheldFields(head.field('connection'), framing.cacheControl);
  const fields: string[] = [];
  for (let i = 0; i < head.own.length; i += 2) {
    const lower = head.ownName(i / 2);
    const value = head.own[i + 1] ?? '';
    if (REWRITTEN.has(lower) || framing.withheld.has(lower) || !isStoredField(lower, withheld)) continue;
    if (lower === 'set-cookie' && policy.storeCookies?.has(cookieName(value)) !== true) continue;
    fields.push(head.own[i] ?? '', value);
  }
  const vary = storedVary(head, framing.selecting);
  if (vary !== '') fields.push('Vary', vary);
  // When it was made stays true of it however often it is sent again (RFC 9110 §6.6.1).
  fields.push('Date', dateOf(head, runtime.clock.now()));
  return fields;
}

function dateOf(head: ResponseHead, now: number): string {
  const own = head.ownField('date');
  return own !== undefined && parseHttpDate(own, now) !== undefined ? own : formatHttpDate(now);
}

/** The handler's own Vary and what was found to select; outer middleware names its own fields on each answer. */
function storedVary(head: ResponseHead, selecting: readonly string[]): string {
  const own = head.ownLines('vary');
  if (own.length === 0 && selecting.length === 0) return '';
  const known = [parseVary(own), parseVary(lineOf(head.outer?.get('vary')))].flat();
  return [...own, ...selecting.filter((name) => !isProperty(name) && !known.includes(name))].join(', ');
}

/** A body with holes where its placeholders stand. */
interface Filled {
  readonly body: Buffer;
  readonly placeholders: readonly Placeholder[];
}

const NO_PLACEHOLDERS: readonly Placeholder[] = [];

/**
 * A body that repeats a nonce of its own Content-Security-Policy would hand one visitor's nonce to the next: it is
 * stored only with a placeholder in the nonce's place.
 */
function fill<Req extends IncomingMessage, Res extends ServerResponse>(
  body: Buffer,
  head: ResponseHead,
  run: JudgedRun<Req, Res>,
): Filled | Refusal {
  const { policy, req, res } = run;
  const nonces: string[] = [];
  for (const name of POLICY_FIELDS)
    nonces.push(...noncesOf(head.field(name)), ...noncesOf(lineOf(res.getHeader(name))));
  if (nonces.length === 0 && policy.placeholders.length === 0) return { body, placeholders: NO_PLACEHOLDERS };
  const isEncoded = head.field('content-encoding') !== undefined;
  const fillings = fillingsOf(policy.placeholders, req, res);
  if (fillings === undefined) return 'nonce';
  // A value that is made anew each time it is asked for cannot be found in the body it once went into.
  if (!run.knows(fillings.map(({ value }) => value))) return 'nonce';
  const dug = isEncoded ? { body, placeholders: [] } : digHoles(body, fillings);
  const ownFields = head.own.join('\n');
  const secrets = fillings.map(({ value }) => value).filter((value) => value !== '');
  if (secrets.some((value) => isEncoded || ownFields.includes(value))) return 'nonce';
  // Inside a compressed body nobody can tell whether it is there.
  if ([...secrets, ...nonces].some((secret) => isEncoded || holds(dug.body, secret))) return 'nonce';
  return dug;
}

function lineOf(value: OutgoingHttpHeader | undefined): string | readonly string[] | undefined {
  return typeof value === 'number' ? String(value) : value;
}

/** None of the cookies that are on their way is one that would be somebody's. */
function areKnown<Req extends IncomingMessage, Res extends ServerResponse>(run: JudgedRun<Req, Res>): boolean {
  const lines = [run.res.getHeader('set-cookie') ?? []].flat();
  return lines.every((line) => isKnownCookie(String(line), run.policy));
}

function asks<Req extends IncomingMessage, Res extends ServerResponse, Given>(
  storeIf: (given: Given) => boolean,
  given: Given,
  run: JudgedRun<Req, Res>,
): boolean {
  return saysTrue(
    () => storeIf(given),
    (why) => warnOfOption(run, run.req, 'storeIf', `${why}, nothing was stored`),
  );
}

function withoutField(fields: readonly string[], name: string): string[] {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i]?.toLowerCase() !== name) kept.push(fields[i] ?? '', fields[i + 1] ?? '');
  }
  return kept;
}
