const CHUNK = 1024;

/**
 * Slots that were given back, the last first.
 *
 * In pieces of fixed length: one array would be copied whole each time it grows, and the copy be gone through by the next garbage
 * collection, in the very turn in which a million values expire.
 */
export class FreeSlots {
  #pieces: Int32Array[] = [];
  #count = 0;

  push(slot: number): void {
    const piece = Math.floor(this.#count / CHUNK);
    if (piece === this.#pieces.length) this.#pieces.push(new Int32Array(CHUNK));
    (this.#pieces[piece] as Int32Array)[this.#count++ % CHUNK] = slot;
  }

  /** @returns `undefined` when there is none */
  pop(): number | undefined {
    if (this.#count === 0) return undefined;
    this.#count--;
    const piece = Math.floor(this.#count / CHUNK);
    const slot = (this.#pieces[piece] as Int32Array)[this.#count % CHUNK];
    // One piece is kept in hand: a store at its limit gives back and takes in turn.
    if (this.#pieces.length > piece + 2) this.#pieces.pop();
    return slot;
  }

  clear(): void {
    this.#pieces = [];
    this.#count = 0;
  }
}
