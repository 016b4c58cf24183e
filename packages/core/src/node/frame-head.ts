import type { IncomingMessage, ServerResponse } from 'node:http';
import { lifetimeOfParts, whyNotLasting } from '../engine/lasting.js';
import { type CacheControl, parseCacheControl } from '../http/cache-control.js';
import type { ContentCoding } from '../http/content-coding.js';
import { parseHttpDate } from '../http/http-date.js';
import { type Exchange, whyNotStored, whyNotStoredByStandard } from '../http/storable.js';
import { targetedControl } from '../http/targeted-control.js';
import { parseVary } from '../http/vary.js';
import type { Refusal } from '../ports/event-sink.js';
import type { StaleLimits } from '../ports/stored-response.js';
import { codingsOf } from './codings-of.js';
import { hasForeignCookie } from './cookies.js';
import { tagsOf } from './declared-tags.js';
import type { JudgedRun } from './judged-run.js';
import { isNever } from './never.js';
import { originFreshness, statedByPolicy } from './origin-lifetime.js';
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

/** Judges by the head and by what the handler has done so far: all of it, once the response has ended. */
export function judge<Req extends IncomingMessage, Res extends ServerResponse>(
  head: ResponseHead,
  run: JudgedRun<Req, Res>,
): Framing {
  const { policy, guard, context } = run;
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
  const isUnsaid =
    policy.isUnsaid && context?.lifetimeMs === undefined && policy.statuses?.get(head.status) === undefined;
  const stated =
    isUnsaid && context?.tracksReads === true
      ? lifetimeOfParts(context, run.runtime.clock.monotonic())
      : (context?.lifetimeMs ?? (isStandard ? origin?.lifetimeMs : statedByPolicy(policy, head.status)));
  // What the code says is said of now.
  const initialAgeMs = context?.lifetimeMs === undefined ? (origin?.initialAgeMs ?? 0) : 0;
  const isValidated = isStandard && cacheControl.noCache === true;
  // What is validated before each use answers nobody by itself (RFC 9111 §5.2.2.4).
  const lifetimeMs = isValidated ? 0 : (stated ?? 0);
  // A handler sets no condition for what is no success (RFC 9110 §13.2.1).
  const hasValidator = head.status === 200 && (etag !== undefined || lastModified !== undefined);
  const tags = tagsOf(run);
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
    whyNotKept(run, { isUnsaid, hasTags: tags.length > 0, lifetimeMs });
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

/** What nothing but an invalidation ends has to have something that one can name; where reads are tracked that may be what it has read. */
function whyNotKept<Req extends IncomingMessage, Res extends ServerResponse>(
  { context }: JudgedRun<Req, Res>,
  lasting: Parameters<typeof whyNotLasting>[1],
): Refusal | undefined {
  const refusal = whyNotLasting(context, lasting);
  return refusal === 'nothing-tracked' && !lasting.isUnsaid && context?.tracksReads !== true ? 'ttl' : refusal;
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
