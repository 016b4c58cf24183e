import type { Begun, Lead } from '../engine/lead.js';
import type { ViewContext } from '../engine/view-context.js';
import type { TagTable } from '../invalidation/tag-table.js';
import type { Declared, LeadingVisitor } from './leading.js';

/** What a view further outside has begun, and this one, nearer to the handler, goes on with. */
export class Inheritance {
  readonly #tags: TagTable;
  #declared: Declared | undefined;
  /** Something was invalidated here between the start of an outer view, of another cache, and of this one. */
  #isOutrun = false;

  constructor(tags: TagTable) {
    this.#tags = tags;
  }

  /** Takes over what the outer view's code has declared for a response that is now this one's to store. */
  take(outer: LeadingVisitor | undefined, context: ViewContext): void {
    const declared = outer?.declared();
    if (declared === undefined) return;
    if (declared.tags === undefined) context.refuse('tag');
    else context.inherit(declared.tags, declared.reasons, declared.partsUntil);
    context.varyOn(...declared.varyNames);
    context.absorb(declared.clock, declared.nested, declared.nestedVerifiedAt);
    if (declared.refusal !== undefined) context.refuse(declared.refusal);
    this.#declared = declared;
    this.#isOutrun = declared.clock !== this.#tags && this.#tags.hasMovedSince(declared.moment);
  }

  /**
   * Whether what was read since the outer view began may still be stored with these tags: it was read under that one's
   * token, and is in here, whatever it depends on.
   */
  admits(tags: () => readonly string[]): boolean {
    if (this.#isOutrun) return false;
    const outer = this.#declared;
    return outer?.clock !== this.#tags || this.#tags.admits(tags(), outer.token);
  }

  /** The run that this one is a part of: what is stored is as old as that. */
  get begun(): Begun | undefined {
    return this.#declared?.clock === this.#tags ? this.#declared.begun : undefined;
  }

  /** What a view further inside takes over from this one. */
  handOn(
    lead: Lead | undefined,
    context: ViewContext | undefined,
    tags: () => readonly string[] | undefined,
    moment: number,
  ): Declared | undefined {
    if (context === undefined || lead === undefined) return this.#declared;
    const start = this.#declared ?? { token: lead.token, begun: lead, clock: this.#tags, moment };
    const { token, clock, begun } = start;
    return {
      tags: tags(),
      varyNames: [...context.varyNames],
      nestedVerifiedAt: context.nestedVerifiedAt,
      // What was read before the inner view began is not as new as that.
      nested: context.nested.map((nested) => ({ ...nested, token: Math.min(nested.token, token) })),
      refusal: context.refusal,
      reasons: context.reasons,
      partsUntil: context.partsUntil,
      token,
      begun,
      clock,
      moment: start.moment,
    };
  }
}
