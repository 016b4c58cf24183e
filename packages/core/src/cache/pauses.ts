/** Whether a cache is used: not where its store is off, and not while anybody has paused it. */
export class Pauses {
  readonly #isAlwaysOff: boolean;
  readonly #onBegin: () => void;
  #count = 0;

  /** @param onBegin - told when a pause begins */
  constructor(isAlwaysOff: boolean, onBegin: () => void) {
    this.#isAlwaysOff = isAlwaysOff;
    this.#onBegin = onBegin;
  }

  get isOff(): boolean {
    return this.#isAlwaysOff || this.#count > 0;
  }

  /** Pauses until what it returns is called; that a second time does nothing. */
  begin(): () => void {
    this.#count++;
    this.#onBegin();
    let isOver = false;
    return () => {
      if (!isOver) this.#count--;
      isOver = true;
    };
  }
}
