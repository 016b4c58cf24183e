/** What stands for no deadline; none is rounded to it. */
const NONE = 0xffff_ffff;
/** How old the moment that all are counted from grows before it is moved along: what lasts less than 24 days fits at any time. */
const MOVE_AFTER_MS = 2 ** 31;

/**
 * Deadlines of slots, 4 bytes each: whole milliseconds, rounded down, since a moment that is moved along.
 *
 * Nothing is held until the first deadline is given: a store in which nothing expires does not pay for it. Where one is more
 * than 24 days ahead, it is 8 bytes from then on.
 */
export class DeadlineColumn {
  #base: number;
  #slots = 0;
  #column: Uint32Array | Float64Array = new Uint32Array(0);

  /** @param now - the moment they are counted from at first; none may lie before */
  constructor(now: number) {
    this.#base = now;
  }

  /** Makes room for slots `0 … slots - 1`. */
  grow(slots: number): void {
    this.#slots = Math.max(slots, this.#slots);
    if (this.#column.length > 0) this.#widen(this.#column instanceof Uint32Array ? Uint32Array : Float64Array);
  }

  /** When the slot is due; `Infinity` when it has no deadline. */
  at(slot: number): number {
    const since = this.#column[slot] ?? NONE;
    return since === NONE ? Number.POSITIVE_INFINITY : this.#base + since;
  }

  /** Whether the slot has a deadline, and it has passed. */
  isPast(slot: number, now: number): boolean {
    const since = this.#column[slot] as number;
    return since <= now - this.#base && since !== NONE;
  }

  /** @param deadline - finite, and not before `now` */
  put(slot: number, deadline: number, now: number): void {
    let since = Math.floor(deadline - this.#base);
    if (this.#column.length === 0) this.#widen(Uint32Array);
    if (since >= NONE && this.#column instanceof Uint32Array) {
      if (now - this.#base >= MOVE_AFTER_MS) this.#moveTo(now);
      since = Math.floor(deadline - this.#base);
      if (since >= NONE) this.#widen(Float64Array);
    }
    this.#column[slot] = since === NONE ? NONE - 1 : since;
  }

  /** Takes the slot's deadline back. */
  remove(slot: number): void {
    this.#column[slot] = NONE;
  }

  /** Takes every deadline back. */
  clear(): void {
    this.#column.fill(NONE);
  }

  #widen(Column: Uint32ArrayConstructor | Float64ArrayConstructor): void {
    const wider = new Column(this.#slots).fill(NONE, this.#column.length);
    wider.set(this.#column);
    this.#column = wider;
  }

  #moveTo(now: number): void {
    const column = this.#column;
    // A whole number, so that no deadline is rounded once more.
    const by = Math.floor(now - this.#base);
    this.#base += by;
    for (let slot = 0; slot < column.length; slot++) {
      const since = column[slot] as number;
      if (since !== NONE) column[slot] = Math.max(since - by, 0);
    }
  }
}
