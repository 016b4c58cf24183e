import { isOwnTag } from '../invalidation/tags.js';
import { asOfNow, type NestedTag } from './nested-tag.js';

/** Warns of what was cached elsewhere: nothing here knows what that has invalidated. */
export const OF_ANOTHER =
  'what one cache keeps is made of a value out of another cache: it hears only of tags that you name, and only if you invalidate them in its own cache too; keep both in one cache';

/** The tags of all that was cached already and goes into one view, each with when it was read. */
export class NestedTags {
  readonly #byId = new Map<string, NestedTag>();

  get all(): readonly NestedTag[] {
    return [...this.#byId.values()];
  }

  /** Somebody has named one of them: an invalidation can. */
  get isNamed(): boolean {
    for (const { tag } of this.#byId.values()) if (!isOwnTag(tag)) return true;
    return false;
  }

  add(tags: readonly NestedTag[]): void {
    for (const nested of tags) this.#keep(`${nested.stamp ?? '\0'} ${nested.tag}`, nested);
  }

  addAll(other: NestedTags | undefined): void {
    if (other === undefined) return;
    for (const [id, nested] of other.#byId) this.#keep(id, nested);
  }

  /** Has one tag stand for all that begin with `front`, where there are more than so many of these and each is good now. */
  gather(front: string, limit: number, tag: string, isGood: (nested: NestedTag) => boolean): void {
    if (this.#byId.size <= limit) return;
    const ones = [...this.#byId].filter(([, nested]) => nested.tag.startsWith(front));
    if (ones.length <= limit || !ones.every(([, nested]) => isGood(nested))) return;
    for (const [id] of ones) this.#byId.delete(id);
    // What the tag stood for before the view began is good in spite of it.
    this.#byId.set(` ${tag}`, asOfNow(tag));
  }

  /** Two results that were read at different times: what is stored of both is as old as the older one. */
  #keep(id: string, nested: NestedTag): void {
    const known = this.#byId.get(id);
    if (known === undefined || nested.token < known.token) this.#byId.set(id, nested);
  }
}
