import { answerOf, kindOf, saysTrue } from '../base/answer.js';
import { lastingDetail, lifetimeOfParts, whyNotLasting } from '../engine/lasting.js';
import type { Candidate } from '../engine/lead.js';
import { jittered } from '../engine/stale-uses.js';
import type { ViewContext } from '../engine/view-context.js';
import { coarsenTags, isTag } from '../invalidation/tags.js';
import type { Refusal } from '../ports/event-sink.js';
import type { HeldValue, StaleLimits } from '../ports/stored-response.js';
import { hold, type Kept } from './copies.js';
import { thenableIn } from './thenables.js';
import type { ValueParts } from './value-parts.js';
import type { ValuePolicy } from './value-policy.js';

/** Tags of cached values that go into another one, unless it says that it may have more: each is compared when somebody asks. */
const MOST_OF_PARTS = 4_096;
/** The same for what is so deep that it calls itself: each level names all those below it. */
const MOST_OF_LEVELS = 256;
const DEEP = 32;

/** What a producer has made, and why it is not stored, if it is not. */
export interface MadeValue {
  readonly candidate: Candidate;
  readonly refusal: Refusal | undefined;
  /** What of it cannot be stored, or what its producer has read that keeps it from being. */
  readonly detail?: string | undefined;
  /** Whether those who wait for it can be given it: a copy of it, unless its user wants none. */
  readonly isShareable: boolean;
}

const NONE: readonly string[] = [];
const NO_PLACEHOLDERS: Candidate['placeholders'] = [];
const NO_BYTES = Buffer.alloc(0);

/**
 * Makes of a value what is offered for storing.
 *
 * @param context - what its producer has said of it
 * @param producerMs - how long that took
 */
export function makeValue(
  value: unknown,
  policy: ValuePolicy,
  context: ViewContext,
  producerMs: number,
  parts: ValueParts,
): MadeValue {
  const { nested } = context;
  const tags = tagsFor(value, policy, context, parts);
  const lifetimeMs =
    context.lifetimeMs ??
    (policy.isUnsaid && context.tracksReads
      ? lifetimeOfParts(context, parts.clock.monotonic())
      : lifetimeFor(value, policy, parts));
  const form = formOf(value, policy, parts, lifetimeMs > 0);
  const { selectedBy } = context;
  const tooMany = tooManyOf(tags, nested.length, context.depth, policy.maxTags);
  const refusal =
    context.refusal ??
    (context.varyNames.size > 0 ? 'vary-star' : undefined) ??
    (selectedBy === undefined ? undefined : 'input') ??
    (typeof tags === 'string' ? tags : undefined) ??
    (tooMany === undefined ? undefined : 'too-many-tags') ??
    (lifetimeMs > 0 ? undefined : 'ttl') ??
    whyNotKept(context, policy, tags.length > 0, lifetimeMs) ??
    form.refusal ??
    (mayBeStored(value, policy, parts) ? undefined : 'store-if');
  const candidate: Candidate = {
    status: 200,
    headers: NONE,
    removes: NONE,
    body: form.bytes,
    selecting: NONE,
    tags: typeof tags === 'string' ? NONE : tags,
    lifetimeMs: jittered(lifetimeMs, policy.jitterMs),
    stale: staleLimits(policy),
    etag: undefined,
    lastModified: undefined,
    route: policy.route,
    producerMs,
    placeholders: NO_PLACEHOLDERS,
    nested,
    nestedVerifiedAt: context.nestedVerifiedAt,
    held: form.held,
    inputs: context.inputs,
    reasons: context.reasons,
  };
  const detail =
    refusal === 'input'
      ? selectedBy
      : refusal === 'too-many-tags'
        ? tooMany
        : refusal === undefined
          ? form.detail
          : (lastingDetail(context, refusal) ?? form.detail);
  return { candidate, refusal, detail, isShareable: form.isShareable && !context.isSelected };
}

/** A value that is kept for good because somebody has said so is his: its key can be named. */
function whyNotKept(
  context: ViewContext,
  { isUnsaid }: ValuePolicy,
  hasTags: boolean,
  lifetimeMs: number,
): Refusal | undefined {
  const refusal = whyNotLasting(context, { isUnsaid, hasTags, lifetimeMs });
  return refusal === 'nothing-tracked' && !isUnsaid ? undefined : refusal;
}

/** What keeps a value with too many tags from being stored, and what to do. */
function tooManyOf(
  tags: readonly string[] | Refusal,
  ofParts: number,
  depth: number,
  maxTags: number,
): string | undefined {
  if (tags === 'too-many-tags')
    return `it depends on more than ${maxTags} tags, even by group: name fewer, or raise its maxTags`;
  const isDeep = depth > DEEP;
  const limit = Math.max(isDeep ? MOST_OF_LEVELS : MOST_OF_PARTS, maxTags);
  if (ofParts <= limit) return undefined;
  const most = isDeep
    ? `${limit} is the most where they are made inside one another, ${DEEP} deep`
    : `${limit} is the most`;
  return `it is made of other values that have ${ofParts} tags between them, and ${most}: make it of fewer, or raise its maxTags`;
}

/** What is stored of a value: in this process, and as bytes where others are to read it. */
interface Form {
  readonly held: HeldValue;
  readonly bytes: Buffer;
  /** What keeps it from being stored. */
  readonly refusal?: 'class' | 'too-large';
  readonly detail?: string;
  readonly isShareable: boolean;
}

function formOf(value: unknown, policy: ValuePolicy, { engine, codec }: ValueParts, isWanted: boolean): Form {
  const thenable = thenableIn(value);
  const kept: Kept = thenable === undefined ? hold(value, policy.copying) : { kind: 'unstorable', what: thenable };
  if (kept.kind === 'unstorable')
    return { held: { value, bytes: 0 }, bytes: NO_BYTES, refusal: 'class', detail: kept.what, isShareable: false };
  const { held } = kept;
  if (!engine.isShared || !isWanted) return { held, bytes: NO_BYTES, isShareable: true };
  const encoded = codec.encode(held.value);
  if (encoded.kind === 'bytes') {
    const { length } = encoded.bytes;
    if (length <= policy.maxBytes) return { held, bytes: encoded.bytes, isShareable: true };
    const detail = `its ${length} bytes are more than maxValueBytes allows (${policy.maxBytes})`;
    return { held, bytes: NO_BYTES, refusal: 'too-large', detail, isShareable: true };
  }
  const detail = encoded.kind === 'unregistered' ? `class ${encoded.className}` : encoded.what;
  return { held, bytes: NO_BYTES, refusal: 'class', detail, isShareable: true };
}

function tagsFor(
  value: unknown,
  { tags, maxTags, route }: ValuePolicy,
  context: ViewContext,
  parts: ValueParts,
): readonly string[] | Refusal {
  const warn = (why: string): void => parts.warn(`tags of ${route} ${why}, nothing was stored`);
  const named: unknown = typeof tags === 'function' ? answerOf<unknown>(() => tags(value) ?? null, warn) : tags;
  if (!Array.isArray(named) || !named.every(isTag)) {
    if (named !== undefined)
      warn(
        `returned ${Array.isArray(named) ? 'a list with what is no tag' : kindOf(named)} rather than a list of tags`,
      );
    return 'tag';
  }
  if (named.length === 0 && context.tags.size === 0) return NONE;
  return coarsenTags(new Set([...named, ...context.tags]), maxTags) ?? 'too-many-tags';
}

/** Milliseconds; 0 for what is not to be stored, or where nobody can tell. */
function lifetimeFor(value: unknown, { lifetimeMs, route }: ValuePolicy, parts: ValueParts): number {
  if (typeof lifetimeMs === 'number') return lifetimeMs;
  return (
    answerOf(
      () => lifetimeMs(value),
      (why) => parts.warn(`ttl of ${route} ${why}, nothing was stored`),
    ) ?? 0
  );
}

function mayBeStored(value: unknown, { storeIf, route }: ValuePolicy, parts: ValueParts): boolean {
  if (storeIf === undefined) return true;
  return saysTrue(
    () => storeIf(value),
    (why) => parts.warn(`storeIf of ${route} ${why}, nothing was stored`),
  );
}

function staleLimits({ whileRevalidateMs, ifErrorMs }: ValuePolicy): StaleLimits | undefined {
  return whileRevalidateMs + ifErrorMs === 0 ? undefined : { whileRevalidateMs, ifErrorMs, revalidatableMs: 0 };
}
