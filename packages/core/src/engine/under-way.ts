/** Counts what an engine has begun and not ended: handlers, what is asked of a shared store for them, and commits. */
export class UnderWay {
  #count = 0;

  get isNothing(): boolean {
    return this.#count === 0;
  }

  begin(): void {
    this.#count++;
  }

  end(): void {
    this.#count--;
  }

  /** Until it has settled. */
  async during(work: Promise<unknown>): Promise<void> {
    this.#count++;
    try {
      await work;
    } finally {
      this.#count--;
    }
  }
}
