const LARGEST = 0xffff_ffff;

/**
 * What each slot weighs, 4 bytes a slot: 8 once one weighs 4 GB, and nothing for as long as all weigh the same.
 */
export class WeightColumn {
  #slots = 0;
  /** What all weigh, while there is no column; negative before the first. */
  #common = -1;
  #column: Uint32Array | Float64Array | undefined;

  /** Makes room for slots `0 … slots - 1`. */
  grow(slots: number): void {
    this.#slots = Math.max(slots, this.#slots);
    if (this.#column !== undefined) this.#widen(this.#column instanceof Uint32Array ? Uint32Array : Float64Array);
  }

  /** The weight of a slot that was given one. */
  at(slot: number): number {
    return this.#column === undefined ? this.#common : (this.#column[slot] as number);
  }

  /** @param weight - a whole number, 0 or more */
  put(slot: number, weight: number): void {
    if (this.#column === undefined) {
      if (weight === this.#common) return;
      if (this.#common < 0) {
        this.#common = weight;
        return;
      }
      this.#widen(Uint32Array);
    }
    if (weight > LARGEST && this.#column instanceof Uint32Array) this.#widen(Float64Array);
    (this.#column as Uint32Array)[slot] = weight;
  }

  #widen(Column: Uint32ArrayConstructor | Float64ArrayConstructor): void {
    const wider = new Column(this.#slots);
    if (this.#column === undefined) wider.fill(this.#common);
    else wider.set(this.#column);
    this.#column = wider;
  }
}
