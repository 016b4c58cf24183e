import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerOf, kindOf } from '../base/answer.js';
import type { CacheRuntime } from '../cache/runtime.js';
import type { CacheStatusLevel } from '../config/view-options.js';
import type { Lead } from '../engine/lead.js';
import type { ViewContext } from '../engine/view-context.js';
import { parseAge } from '../http/age.js';
import { type CacheControl, parseCacheControl } from '../http/cache-control.js';
import { cacheStatusWriter } from '../http/cache-status.js';
import { explicitLifetimeMs, initialAgeMs } from '../http/freshness.js';
import { parseHttpDate } from '../http/http-date.js';
import { evaluatePreconditions } from '../http/preconditions.js';
import { type Exchange, whyNotStored, whyNotStoredByStandard } from '../http/storable.js';
import { parseVary } from '../http/vary.js';
import { coarsenTags, isTag } from '../invalidation/tags.js';
import type { Refusal } from '../ports/event-sink.js';
import type { InputGuard } from './input-guard.js';
import { isNever } from './never.js';
import type { Recorder } from './recorder.js';
import type { ResponseHead } from './response-head.js';
import type { ViewVisitor } from './view-visitor.js';

/** What the head of a response decides: whether it may be stored, for how long, and what it is selected by. */
export interface Framing {
  readonly refusal: Refusal | undefined;
  readonly cacheControl: CacheControl;
  readonly lifetimeMs: number;
  /** Names of selecting headers, lower case and sorted. */
  readonly selecting: readonly string[];
  /** The tags that user code declared, within the limit and expanded. */
  readonly tags: readonly string[];
  readonly etag: string | undefined;
  readonly lastModified: number | undefined;
}

const status = cacheStatusWriter('viewcache');

/** Whether the client's own precondition, hidden from the handler, is met by this response (RFC 9110 §13.1). */
export function isNotModified<Req extends IncomingMessage, Res extends ServerResponse>(
  head: ResponseHead,
  framing: Framing,
  visitor: ViewVisitor<Req, Res>,
): boolean {
  if (!visitor.isConditional || head.status !== 200) return false;
  return evaluatePreconditions(visitor.conditions, framing, visitor.runtime.clock.now()) === 'not-modified';
}

/** Judges by the head and by what the handler has done so far: all of it, once the response has ended. */
export function judge<Req extends IncomingMessage, Res extends ServerResponse>(
  head: ResponseHead,
  visitor: ViewVisitor<Req, Res>,
  guard: InputGuard | undefined,
  context: ViewContext | undefined,
): Framing {
  const { policy } = visitor;
  const now = visitor.runtime.clock.now();
  const cacheControl = parseCacheControl(head.field('cache-control'));
  const vary = parseVary(head.field('vary'));
  const etag = head.ownField('etag');
  const modified = head.ownField('last-modified');
  const lastModified = modified === undefined ? undefined : parseHttpDate(modified, now);
  const stated =
    context?.lifetimeMs ??
    (policy.lifetimeMs === 'origin' ? originLifetime(head, cacheControl, now) : policy.lifetimeMs);
  const lifetimeMs = stated ?? 0;
  const tags = tagsOf(visitor, context);
  const exchange: Exchange = {
    method: visitor.req.method === 'HEAD' ? 'GET' : (visitor.req.method ?? ''),
    status: head.status,
    cacheControl,
    vary,
    hasSetCookie: hasForeignCookie(head, policy.stripCookies),
    hasAuthorization: visitor.fields.get('authorization') !== undefined && guard?.coversIdentity !== true,
    hasContentRange: head.field('content-range') !== undefined,
    isKeyed: policy.key !== undefined,
  };
  const refusal =
    // Said by name; the Cache-Control that goes with it would be taken for the reason.
    (isNever(visitor.res) ? 'no-store' : undefined) ??
    (policy.lifetimeMs === 'origin'
      ? whyNotStoredByStandard(exchange, {
          lifetimeMs: stated,
          hasValidator: etag !== undefined || lastModified !== undefined,
        })
      : whyNotStored(exchange, { ttlMs: lifetimeMs, statuses: policy.statuses })) ??
    (isEventStream(head) ? 'event-stream' : undefined) ??
    (head.isRepeatable ? undefined : 'head') ??
    (guard?.refusal === undefined ? undefined : 'input') ??
    context?.refusal ??
    (typeof tags === 'string' ? tags : undefined) ??
    (lifetimeMs === Number.POSITIVE_INFINITY && tags.length === 0 ? 'ttl' : undefined);
  return {
    refusal,
    cacheControl,
    lifetimeMs,
    selecting: selectingNames(vary, head, policy.vary, context?.varyNames ?? NOTHING, guard?.selecting ?? NOTHING),
    tags: typeof tags === 'string' ? [] : tags,
    etag,
    lastModified,
  };
}

/** What Cache-Status says of an answer by the handler. */
export interface Outcome {
  readonly lead: Lead;
  readonly refusal: Refusal | undefined;
  /** Claimed only of a response that was whole with its head: a stream may yet break. */
  readonly isStored: boolean;
  readonly guard: InputGuard | undefined;
}

/** Sets Cache-Status (RFC 9211) while the head is being written, after what other caches have put there. */
export function setStatus(recorder: Recorder, head: ResponseHead, level: CacheStatusLevel, outcome: Outcome): void {
  if (level === 'none') return;
  const { lead, refusal, guard } = outcome;
  const value = status.write({
    fwd: lead.fwd,
    stored: outcome.isStored,
    ...(level === 'full'
      ? { key: lead.key.text, detail: refusal === 'input' ? `input ${guard?.refusal}` : refusal }
      : {}),
  });
  const outer = head.field('cache-status');
  recorder.setField('Cache-Status', outer === undefined ? value : `${String(outer)}, ${value}`);
}

/** What is left, when it is written, of the lifetime that the response states for itself (RFC 9111 §4.2). */
function originLifetime(head: ResponseHead, cacheControl: CacheControl, now: number): number | undefined {
  const date = head.field('date');
  const generatedAt = (typeof date === 'string' ? parseHttpDate(date, now) : undefined) ?? now;
  const lifetimeMs = explicitLifetimeMs(cacheControl, head.field('expires'), generatedAt);
  if (lifetimeMs === undefined) return undefined;
  const age = parseAge(head.field('age')) ?? 0;
  return Math.max(0, lifetimeMs - initialAgeMs({ age, generatedAt, requestTime: now, responseTime: now }));
}

/** Members of Vary that were there before the handler ran speak of outer middleware's own fields, `Origin` of CORS. */
function selectingNames(
  vary: ReturnType<typeof parseVary>,
  head: ResponseHead,
  byPolicy: readonly string[],
  byView: ReadonlySet<string>,
  byGuard: ReadonlySet<string>,
): readonly string[] {
  if (vary === '*') return [];
  if (vary.length + byPolicy.length + byView.size + byGuard.size === 0) return vary;
  const own = parseVary(head.ownLines('vary'));
  const outerOnly = vary.filter((name) => name !== 'origin' || (own !== '*' && own.includes(name)));
  return [...new Set([...outerOnly, ...byPolicy, ...byView, ...byGuard])].sort();
}

const NOTHING: ReadonlySet<string> = new Set();

const EVENT_STREAM = 'text/event-stream';

function isEventStream(head: ResponseHead): boolean {
  const type = head.field('content-type');
  return type !== undefined && String(type).slice(0, EVENT_STREAM.length).toLowerCase() === EVENT_STREAM;
}

function hasForeignCookie(head: ResponseHead, stripped: ReadonlySet<string> | undefined): boolean {
  return head.ownLines('set-cookie').some((line) => stripped?.has(line.split('=', 1)[0]?.trim() ?? '') !== true);
}

/** Names in Vary what the response was selected by, so that caches further out know. */
export function addVary(recorder: Recorder, head: ResponseHead, names: readonly string[]): void {
  if (names.length === 0) return;
  const current = parseVary(head.field('vary'));
  const missing = names.filter((name) => current !== '*' && !current.includes(name));
  if (missing.length === 0) return;
  const field = head.field('vary');
  recorder.setField('Vary', [...(field === undefined ? [] : [String(field)]), ...new Set(missing)].join(', '));
}

function tagsOf<Req extends IncomingMessage, Res extends ServerResponse>(
  visitor: ViewVisitor<Req, Res>,
  context: ViewContext | undefined,
): readonly string[] | Refusal {
  const declared = declaredTags(visitor, context);
  if (declared === undefined) return 'tag';
  if (declared.length === 0) return declared;
  return coarsenTags(new Set(declared), visitor.policy.maxTags) ?? 'too-many-tags';
}

/** What the `tags` function names; `undefined` with a warning where it named nothing that can be tags. */
function named(tags: () => unknown, runtime: CacheRuntime): readonly string[] | undefined {
  const warn = (why: string) => runtime.telemetry.emit({ type: 'warning', message: `tags ${why}, nothing was stored` });
  let hasFailed = false;
  const own = answerOf(tags, (why) => {
    hasFailed = true;
    warn(why);
  });
  if (hasFailed) return undefined;
  // A string would be taken for its letters; and a hole is no tag, though `every` would pass over it.
  if (!Array.isArray(own)) warn(`returned ${kindOf(own)} rather than a list`);
  else if (![...own].every(isTag)) warn('returned a list of what cannot be tags');
  else return own;
  return undefined;
}

/** The tags that the option and the view have named so far, as they were named; `undefined` when one cannot be a tag. */
export function declaredTags<Req extends IncomingMessage, Res extends ServerResponse>(
  visitor: ViewVisitor<Req, Res>,
  context: ViewContext | undefined,
): readonly string[] | undefined {
  const { policy, req, res } = visitor;
  const { tags } = policy;
  const own = typeof tags === 'function' ? named(() => tags(req, res), visitor.runtime) : tags;
  if (own === undefined) return undefined;
  return context === undefined || context.tags.size === 0 ? own : [...context.tags, ...own];
}
