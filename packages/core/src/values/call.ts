import { spelledKey } from '../base/spelled-key.js';
import type { InputHearer } from '../engine/input-hearer.js';
import type { Keyed } from '../engine/keyed.js';
import type { StaleUses } from '../engine/stale-uses.js';
import { ViewContext } from '../engine/view-context.js';
import { expandTag } from '../invalidation/tags.js';
import type { Refusal } from '../ports/event-sink.js';
import type { MadeValue } from './make-value.js';
import type { Producer } from './producer.js';
import type { ValueParts } from './value-parts.js';
import type { ValuePolicy } from './value-policy.js';

/** One call that asks for a value: what it asks for, how, and from where. */
export interface Call {
  readonly key: Keyed;
  readonly producer: Producer;
  readonly uses: StaleUses<ValuePolicy>;
  readonly parts: ValueParts;
  /** The cached view or value that calls. */
  readonly outer: ViewContext | undefined;
  /** Who hears of what its producer reads of a request; absent where nobody does. */
  readonly hearer?: InputHearer | undefined;
  /** Nobody waits: what is stored is made new behind an answer. */
  readonly isRefresh: boolean;
  /** The producer is not to be put off: who calls is to be answered before the call returns. */
  readonly isNow: boolean;
}

/** The context of a run of its producer. It may be another one's turn of the event loop in which it gets to run. */
export function contextFor({ parts, outer, hearer, uses }: Call): ViewContext {
  const context = new ViewContext();
  context.isProducer = true;
  context.hearer = hearer;
  context.home = parts.tags;
  context.outer = outer;
  context.tracksReads = uses.policy.trackReads ?? parts.tracksReads;
  return context;
}

/** Whether what is said of a value holds for all that is made of it, too. */
export function holdsForAll(refusal: Refusal | undefined): refusal is 'tag' | 'too-many-tags' | 'view' | 'stale-part' {
  // What a transaction sees it has told those it runs inside of by itself.
  return refusal === 'tag' || refusal === 'too-many-tags' || refusal === 'view' || refusal === 'stale-part';
}

/** What is known of a value's tags while there is no value. */
export function knownTags({ key, uses }: Call, context?: ViewContext): readonly string[] {
  const { tags } = uses.policy;
  const named = [...(typeof tags === 'function' ? [] : tags), ...(context?.tags ?? [])];
  return [...key.tags, ...named.flatMap(expandTag)];
}

/** Tells what runs around a call of what was made within it: that is as old as the outer run, whatever became of it here. */
export function tellOuter(call: Call, { candidate, refusal }: MadeValue, context: ViewContext): void {
  const { key, outer, parts, isRefresh } = call;
  tellOuterOf(call, refusal, [...key.tags, ...candidate.tags], context);
  if (outer === undefined || isRefresh) return;
  outer.usePart(key.text, candidate.tags, parts.clock.monotonic() + candidate.lifetimeMs, context);
  // Nobody knows when it changes, and it is in there.
  if (refusal === 'nothing-tracked') outer.untracked(`value ${spelledKey(key.text)}`);
  if (refusal === 'untracked') for (const why of context.reasons?.untracked ?? []) outer.untracked(why);
}

/** {@link tellOuter} of a run that has made nothing. */
export function tellOuterOfNothing(call: Call, context: ViewContext): void {
  tellOuterOf(call, context.refusal, knownTags(call, context), context);
  const { outer, isRefresh, key } = call;
  if (outer === undefined || isRefresh) return;
  outer.usePart(key.text, [...context.tags], Number.POSITIVE_INFINITY, context);
  for (const why of context.reasons?.untracked ?? []) outer.untracked(why);
}

function tellOuterOf(
  { outer, isRefresh, parts }: Call,
  refusal: Refusal | undefined,
  tags: readonly string[],
  context: ViewContext,
): void {
  if (outer === undefined || isRefresh) return;
  if (holdsForAll(refusal)) outer.refuse(refusal);
  // What varies by a field of the request does so wherever it is used, and nothing but a view knows requests.
  if (context.varyNames.size > 0) outer.varyOn(...context.varyNames);
  if (context.variesByAll) outer.varyOn('*');
  outer.dependOnNow(parts.tags, tags);
  outer.absorbAll(parts.tags, context);
}
