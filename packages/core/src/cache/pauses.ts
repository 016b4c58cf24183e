/** Whether a cache is used: not where its store is off, and not while anybody has paused it. */
export class Pauses {
  readonly #isAlwaysOff: boolean;
  #count = 0;

  constructor(isAlwaysOff: boolean) {
    this.#isAlwaysOff = isAlwaysOff;
  }

  get isOff(): boolean {
    return this.#isAlwaysOff || this.#count > 0;
  }

  /** Pauses until what it returns is called; that a second time does nothing. */
  begin(): () => void {
    this.#count++;
    let isOver = false;
    return () => {
      if (!isOver) this.#count--;
      isOver = true;
    };
  }
}
