import { answerOf } from '../base/answer.js';
import type { StaleItem } from '../engine/local-item.js';
import { type NestedTag, nestedIn } from '../engine/nested-tag.js';
import type { ViewContext } from '../engine/view-context.js';
import { currentView } from '../engine/view-storage.js';
import { coarsenTags, isTag } from '../invalidation/tags.js';
import type { Call } from './call.js';
import { copyOf } from './copies.js';
import { valueIn } from './value-parts.js';

/**
 * Tags that one run takes over from what it makes new, in whatever that was made of: what is made again and again of what was
 * there before would have more of them each time, and in the end too many.
 */
const MOST_TAKEN = 1_024;

/** What is stored and not fresh any more, for the run of a producer that makes it new, and makes that of it, perhaps. */
export class KnownBefore {
  readonly #call: Call;
  readonly #context: ViewContext;
  readonly #find: () => StaleItem | undefined;
  #isTaken: boolean | undefined;

  /**
   * @param context - of the run
   * @param find - what there is, as long as it was not purged
   */
  constructor(call: Call, context: ViewContext, find: () => StaleItem | undefined) {
    this.#call = call;
    this.#context = context;
    this.#find = find;
  }

  /**
   * A copy of it; `undefined` where there is none, or where some part of it may be older than an invalidation. Who looks at it
   * depends on all that it depends on, as whoever uses a cached value does.
   */
  read(): unknown {
    const { parts, uses } = this.#call;
    const stale = this.#find();
    const held = stale === undefined ? undefined : valueIn(parts, stale.item);
    if (stale === undefined || held === undefined) return undefined;
    const copy = copyOf(held, uses.policy.copying);
    this.#isTaken ??= this.#take(stale, copy);
    if (!this.#isTaken) return undefined;
    this.#tellWithin(stale);
    return copy;
  }

  /** What is made within the run is a value of its own, and is not made new by asking this one's source. */
  #tellWithin({ item }: StaleItem): void {
    const view = currentView();
    if (view === undefined || view === this.#context) return;
    view.refuse('stale-part');
    if (item.stored.inputs !== undefined) view.readBy(item.stored.inputs, this.#call.key.text);
  }

  #take({ item, validity }: StaleItem, value: unknown): boolean {
    const { key, parts } = this.#call;
    const taken = this.#ofOthers(item, value);
    // Its source can tell whether it is what it was, and knows nothing of what else it was made of (PROTOCOL 4.10). Parts may
    // have tags in common with it: nobody knows which of the two was invalidated.
    if ((validity === 'stale' && taken.length > 0) || taken.length > MOST_TAKEN) return false;
    // PROTOCOL 4.9: with the time at which that was read, which counts where it is invalidated while this runs.
    if (taken.length > 0) this.#context.absorb(parts.tags, taken, item.verifiedAt);
    const { inputs } = item.stored;
    if (inputs !== undefined) this.#context.readBy(inputs, key.text);
    return true;
  }

  /** Its tags but for its own: those of its key, and what its options say, are as new as the run that asks its source. */
  #ofOthers(item: StaleItem['item'], value: unknown): readonly NestedTag[] {
    const { key, uses } = this.#call;
    const { tags, maxTags } = uses.policy;
    const said: unknown = typeof tags === 'function' ? answerOf<unknown>(() => tags(value)) : tags;
    const named = Array.isArray(said) ? said.filter(isTag) : [];
    const own = new Set([...key.tags, ...(coarsenTags(new Set([...named, ...this.#context.tags]), maxTags) ?? [])]);
    return nestedIn(item, key.tags).filter(({ tag }) => !own.has(tag));
  }
}
