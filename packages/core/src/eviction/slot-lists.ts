const { max } = Math;

/**
 * A fixed number of ordered lists that share a set of slots, each slot in at most one of them.
 *
 * One typed array, 8 bytes a slot, nothing allocated by any move. Each list is a ring through a node of its own, so that no
 * operation has a special case for an end; those nodes come first, hence slot `s` is node `s + lists`. A node's two neighbours
 * stand side by side, the newer one first: what moves a slot touches as little memory as it can.
 */
export class SlotLists {
  readonly #lists: number;
  #links: Uint32Array;

  constructor(lists: number) {
    this.#lists = lists;
    this.#links = new Uint32Array(2 * lists);
    this.clear();
  }

  /** Makes room for slots `0 … slots - 1`; the lists stay as they are. */
  grow(slots: number): void {
    const length = 2 * (slots + this.#lists);
    if (length <= this.#links.length) return;
    const wider = new Uint32Array(length);
    wider.set(this.#links);
    this.#links = wider;
  }

  /** Puts a slot that is in no list at the newest end of one. */
  push(list: number, slot: number): void {
    const links = this.#links;
    const node = slot + this.#lists;
    const newest = links[2 * list + 1] as number;
    links[2 * node] = list;
    links[2 * node + 1] = newest;
    links[2 * newest] = node;
    links[2 * list + 1] = node;
  }

  /** Takes a slot out of the list it is in. */
  remove(slot: number): void {
    const links = this.#links;
    const node = slot + this.#lists;
    const newer = links[2 * node] as number;
    const older = links[2 * node + 1] as number;
    links[2 * older] = newer;
    links[2 * newer + 1] = older;
  }

  /** Moves a slot of this list to its newest end. */
  renew(list: number, slot: number): void {
    // What every hit does: all in one, as what is called from here would be too much for V8 to take into its callers.
    const links = this.#links;
    const node = slot + this.#lists;
    const newest = links[2 * list + 1] as number;
    if (newest === node) return;
    const newer = links[2 * node] as number;
    const older = links[2 * node + 1] as number;
    links[2 * older] = newer;
    links[2 * newer + 1] = older;
    links[2 * node] = list;
    links[2 * node + 1] = newest;
    links[2 * newest] = node;
    links[2 * list + 1] = node;
  }

  /** Moves a slot of any list to the newest end of this one. */
  transfer(list: number, slot: number): void {
    const links = this.#links;
    const node = slot + this.#lists;
    const newer = links[2 * node] as number;
    const older = links[2 * node + 1] as number;
    links[2 * older] = newer;
    links[2 * newer + 1] = older;
    const newest = links[2 * list + 1] as number;
    links[2 * node] = list;
    links[2 * node + 1] = newest;
    links[2 * newest] = node;
    links[2 * list + 1] = node;
  }

  /** The oldest slot of a list, -1 when it is empty. */
  oldest(list: number): number {
    return max((this.#links[2 * list] as number) - this.#lists, -1);
  }

  /** The newest slot of a list, -1 when it is empty. */
  newest(list: number): number {
    return max((this.#links[2 * list + 1] as number) - this.#lists, -1);
  }

  /** The slot that came into the same list next after this one, -1 for the newest. */
  newerThan(slot: number): number {
    return max((this.#links[2 * (slot + this.#lists)] as number) - this.#lists, -1);
  }

  isEmpty(list: number): boolean {
    return this.#links[2 * list] === list;
  }

  /** The slots of a list, oldest first. The one just yielded may be removed or moved. */
  *fromOldest(list: number): Generator<number> {
    let node = this.#links[2 * list] as number;
    while (node >= this.#lists) {
      const following = this.#links[2 * node] as number;
      yield node - this.#lists;
      node = following;
    }
  }

  /** The slots of a list, newest first. The one just yielded may be removed or moved. */
  *fromNewest(list: number): Generator<number> {
    let node = this.#links[2 * list + 1] as number;
    while (node >= this.#lists) {
      const following = this.#links[2 * node + 1] as number;
      yield node - this.#lists;
      node = following;
    }
  }

  /** Empties every list. */
  clear(): void {
    for (let list = 0; list < this.#lists; list++) this.#links[2 * list] = this.#links[2 * list + 1] = list;
  }
}
