/**
 * A fixed number of ordered lists that share a set of slots, each slot in at most one of them.
 *
 * Two typed arrays, 8 bytes a slot, nothing allocated by any move. Each list is a ring through a node of its own, so that no
 * operation has a special case for an end; those nodes come first, hence slot `s` is node `s + lists`.
 */
export class SlotLists {
  readonly #lists: number;
  #newer: Uint32Array;
  #older: Uint32Array;

  constructor(lists: number) {
    this.#lists = lists;
    this.#newer = new Uint32Array(lists);
    this.#older = new Uint32Array(lists);
    this.clear();
  }

  /** Makes room for slots `0 … slots - 1`; the lists stay as they are. */
  grow(slots: number): void {
    this.#newer = widened(this.#newer, slots + this.#lists);
    this.#older = widened(this.#older, slots + this.#lists);
  }

  /** Puts a slot that is in no list at the newest end of one. */
  push(list: number, slot: number): void {
    const node = slot + this.#lists;
    const newest = this.#older[list] as number;
    this.#older[node] = newest;
    this.#newer[node] = list;
    this.#newer[newest] = node;
    this.#older[list] = node;
  }

  /** Takes a slot out of the list it is in. */
  remove(slot: number): void {
    const node = slot + this.#lists;
    const newer = this.#newer[node] as number;
    const older = this.#older[node] as number;
    this.#newer[older] = newer;
    this.#older[newer] = older;
  }

  /** Moves a slot of this list to its newest end. */
  renew(list: number, slot: number): void {
    if (this.#older[list] === slot + this.#lists) return;
    this.remove(slot);
    this.push(list, slot);
  }

  /** The oldest slot of a list, -1 when it is empty. */
  oldest(list: number): number {
    return Math.max((this.#newer[list] as number) - this.#lists, -1);
  }

  isEmpty(list: number): boolean {
    return this.#newer[list] === list;
  }

  /** The slots of a list, oldest first. The one just yielded may be removed or moved. */
  *fromOldest(list: number): Generator<number> {
    let node = this.#newer[list] as number;
    while (node >= this.#lists) {
      const following = this.#newer[node] as number;
      yield node - this.#lists;
      node = following;
    }
  }

  /** Empties every list. */
  clear(): void {
    for (let list = 0; list < this.#lists; list++) this.#newer[list] = this.#older[list] = list;
  }
}

function widened(column: Uint32Array, length: number): Uint32Array {
  if (length <= column.length) return column;
  const wider = new Uint32Array(length);
  wider.set(column);
  return wider;
}
