import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerOf, kindOf } from '../base/answer.js';
import type { CacheRuntime } from '../cache/runtime.js';
import type { CacheStatusLevel } from '../config/view-options.js';
import type { Lead } from '../engine/lead.js';
import { isProperty } from '../engine/selecting-values.js';
import type { ViewContext } from '../engine/view-context.js';
import { type CacheControl, parseCacheControl } from '../http/cache-control.js';
import { cacheStatusWriter } from '../http/cache-status.js';
import type { ContentCoding } from '../http/content-coding.js';
import { parseHttpDate } from '../http/http-date.js';
import { formatServerTiming } from '../http/server-timing.js';
import { type Exchange, whyNotStored, whyNotStoredByStandard } from '../http/storable.js';
import { targetedControl } from '../http/targeted-control.js';
import { parseVary } from '../http/vary.js';
import { coarsenTags, isTag } from '../invalidation/tags.js';
import type { Forward, Refusal } from '../ports/event-sink.js';
import type { StaleLimits } from '../ports/stored-response.js';
import { codingsOf } from './codings-of.js';
import { hasForeignCookie } from './cookies.js';
import type { HandlerRun } from './handler-run.js';
import type { InputGuard } from './input-guard.js';
import { isNever } from './never.js';
import { originFreshness, statedByPolicy } from './origin-lifetime.js';
import type { Recorder } from './recorder.js';
import type { ResponseHead } from './response-head.js';
import { staleLimits } from './stale-limits.js';

/** What the head of a response decides: whether it may be stored, for how long, and what it is selected by. */
export interface Framing {
  readonly refusal: Refusal | undefined;
  readonly cacheControl: CacheControl;
  readonly lifetimeMs: number;
  /** How old the response is already, by its own word. */
  readonly initialAgeMs: number;
  /** `undefined` where nothing may use it past its lifetime. */
  readonly stale: StaleLimits | undefined;
  /** Whether its handler can be asked later if it still holds. */
  readonly hasValidator: boolean;
  /** Names of selecting headers, lower case and sorted. */
  readonly selecting: readonly string[];
  /** Names of fields that are the visitor's own, lower case. */
  readonly withheld: ReadonlySet<string>;
  /** The tags that user code declared, within the limit and expanded. */
  readonly tags: readonly string[];
  readonly etag: string | undefined;
  readonly lastModified: number | undefined;
  /** Content codings that it may be kept in, where it is stored. */
  readonly codings: readonly ContentCoding[] | undefined;
}

const status = cacheStatusWriter('viewcache');

/** Judges by the head and by what the handler has done so far: all of it, once the response has ended. */
export function judge<Req extends IncomingMessage, Res extends ServerResponse>(
  head: ResponseHead,
  run: HandlerRun<Req, Res>,
  guard: InputGuard | undefined,
  context: ViewContext | undefined,
): Framing {
  const { policy } = run;
  const now = run.runtime.clock.now();
  const targeted =
    policy.targets.length === 0 ? undefined : targetedControl(policy.targets, (name) => head.field(name));
  const cacheControl = targeted ?? parseCacheControl(head.field('cache-control'));
  // What is addressed to this cache stands in place of Expires, too (RFC 9213 §2.2).
  const expires = targeted === undefined ? head.field('expires') : undefined;
  const vary = parseVary(head.field('vary'));
  const etag = head.ownField('etag');
  const modified = head.ownField('last-modified');
  const lastModified = modified === undefined ? undefined : parseHttpDate(modified, now);
  const isStandard = policy.lifetimeMs === 'origin';
  const origin = isStandard
    ? originFreshness(head, { cacheControl, expires, lastModified }, now, policy.heuristics)
    : undefined;
  const stated = context?.lifetimeMs ?? (isStandard ? origin?.lifetimeMs : statedByPolicy(policy, head.status));
  // What the code says is said of now.
  const initialAgeMs = context?.lifetimeMs === undefined ? (origin?.initialAgeMs ?? 0) : 0;
  const isValidated = isStandard && cacheControl.noCache === true;
  // What is validated before each use answers nobody by itself (RFC 9111 §5.2.2.4).
  const lifetimeMs = isValidated ? 0 : (stated ?? 0);
  // A handler sets no condition for what is no success (RFC 9110 §13.2.1).
  const hasValidator = head.status === 200 && (etag !== undefined || lastModified !== undefined);
  const tags = tagsOf(run, context);
  const isWatched = policy.inputs.mode !== 'off';
  const exchange: Exchange = {
    method: run.method,
    status: head.status,
    cacheControl,
    vary,
    hasSetCookie: hasForeignCookie(head, policy),
    hasAuthorization: run.fields.get('authorization') !== undefined && guard?.coversIdentity !== true,
    hasContentRange: head.field('content-range') !== undefined,
    isKeyed: policy.key !== undefined,
  };
  const refusal =
    // Said by name; the Cache-Control that goes with it would be taken for the reason.
    (isNever(run.res) ? 'no-store' : undefined) ??
    (isStandard
      ? whyNotStoredByStandard(exchange, {
          lifetimeMs: stated === undefined ? undefined : stated - initialAgeMs,
          hasValidator,
          // Only where its handler has said so: to be validated at each use, or to be stale at once.
          storeToValidate: policy.revalidatableMs > 0 && (isValidated || stated !== undefined),
        })
      : whyNotStored(exchange, { ttlMs: lifetimeMs, statuses: policy.statuses })) ??
    (isEventStream(head) ? 'event-stream' : undefined) ??
    (head.isRepeatable ? undefined : 'head') ??
    (guard?.refusal === undefined ? undefined : 'input') ??
    context?.refusal ??
    (typeof tags === 'string' ? tags : undefined) ??
    (lifetimeMs === Number.POSITIVE_INFINITY && tags.length === 0 ? 'ttl' : undefined);
  return {
    // A token or a session that the handler asked for sets its cookie, too: the cause says more than what it led to.
    refusal: refusal === 'set-cookie' && guard?.refusal !== undefined ? 'input' : refusal,
    cacheControl,
    lifetimeMs,
    initialAgeMs,
    stale: staleLimits(policy, cacheControl),
    hasValidator,
    selecting: selectingNames(
      vary,
      head,
      policy.vary,
      context?.varyNames ?? NOTHING,
      isWatched ? guard?.selecting : undefined,
    ),
    withheld: guard?.withheld ?? NOTHING,
    tags: typeof tags === 'string' ? [] : tags,
    etag,
    lastModified,
    codings:
      policy.contentCodings.length === 0 || refusal !== undefined
        ? undefined
        : codingsOf(policy.contentCodings, head, run.method, cacheControl, vary),
  };
}

/** What Cache-Status says of an answer by the handler. */
export interface Outcome {
  readonly lead: Lead;
  readonly refusal: Refusal | undefined;
  /** Claimed only of a response that was whole with its head: a stream may yet break. */
  readonly isStored: boolean;
  readonly guard: InputGuard | undefined;
  /** The handler's own status, where the client is sent another (RFC 9211 §2.3). */
  readonly fwdStatus: number | undefined;
}

/** Sets Cache-Status (RFC 9211) while the head is being written, after what other caches have put there. */
export function setStatus(recorder: Recorder, head: ResponseHead, level: CacheStatusLevel, outcome: Outcome): void {
  if (level === 'none') return;
  const { lead, refusal, guard } = outcome;
  const value = status.write({
    fwd: lead.fwd,
    fwdStatus: outcome.fwdStatus,
    stored: outcome.isStored,
    ...(level === 'full'
      ? { key: lead.key.text, detail: refusal === 'input' ? `input ${guard?.refusal}` : refusal }
      : {}),
  });
  const outer = head.field('cache-status');
  recorder.setField('Cache-Status', outer === undefined ? value : `${String(outer)}, ${value}`);
}

/** Sets Server-Timing while the head is being written, after what others have put there. */
export function setTiming(recorder: Recorder, head: ResponseHead, fwd: Forward, producerMs: number): void {
  const value = formatServerTiming([
    { name: 'viewcache', desc: fwd },
    { name: 'handler', dur: producerMs },
  ]);
  recorder.setField('Server-Timing', [head.field('server-timing') ?? [], value].flat().join(', '));
}

/**
 * `Origin` in a Vary that was there before the handler ran speaks of the fields of CORS, which are outer middleware's own.
 * Where nobody watches what the handler reads, it may as well have said the same, and it counts.
 */
function selectingNames(
  vary: ReturnType<typeof parseVary>,
  head: ResponseHead,
  byPolicy: readonly string[],
  byView: ReadonlySet<string>,
  byGuard: ReadonlySet<string> | undefined,
): readonly string[] {
  if (vary === '*') return [];
  if (vary.length + byPolicy.length + byView.size + (byGuard?.size ?? 0) === 0) return vary;
  const own = parseVary(head.ownLines('vary'));
  const isMeant = (name: string): boolean =>
    name !== 'origin' || byGuard === undefined || (own !== '*' && own.includes(name));
  return [...new Set([...vary.filter(isMeant), ...byPolicy, ...byView, ...(byGuard ?? NOTHING)])].sort();
}

const NOTHING: ReadonlySet<string> = new Set();

const EVENT_STREAM = 'text/event-stream';

function isEventStream(head: ResponseHead): boolean {
  const type = head.field('content-type');
  return type !== undefined && String(type).slice(0, EVENT_STREAM.length).toLowerCase() === EVENT_STREAM;
}

/** Names in Vary what the response was selected by, so that caches further out know. */
export function addVary(recorder: Recorder, head: ResponseHead, names: readonly string[]): void {
  if (names.length === 0) return;
  const current = parseVary(head.field('vary'));
  const missing = names.filter((name) => current !== '*' && !isProperty(name) && !current.includes(name));
  if (missing.length === 0) return;
  const field = head.field('vary');
  recorder.setField('Vary', [...(field === undefined ? [] : [String(field)]), ...new Set(missing)].join(', '));
}

function tagsOf<Req extends IncomingMessage, Res extends ServerResponse>(
  run: HandlerRun<Req, Res>,
  context: ViewContext | undefined,
): readonly string[] | Refusal {
  const declared = declaredTags(run, context);
  if (declared === undefined) return 'tag';
  if (declared.length === 0) return declared;
  return coarsenTags(new Set(declared), run.policy.maxTags) ?? 'too-many-tags';
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
  run: HandlerRun<Req, Res>,
  context: ViewContext | undefined,
): readonly string[] | undefined {
  const { policy, req, res } = run;
  const { tags } = policy;
  const own = typeof tags === 'function' ? named(() => tags(req, res), run.runtime) : tags;
  if (own === undefined) return undefined;
  return context === undefined || context.tags.size === 0 ? own : [...context.tags, ...own];
}
