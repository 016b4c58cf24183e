/** Those who wait until what was put up to a version has come to an end. */
export class Flushes {
  readonly #waiting = new Set<{ readonly version: number; resolve(): void }>();

  wait(version: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.add({ version, resolve });
    });
  }

  /** Tells those of whose writes none is under way any more. */
  settle(isUnderWay: (version: number) => boolean): void {
    for (const each of this.#waiting) {
      if (isUnderWay(each.version)) continue;
      this.#waiting.delete(each);
      each.resolve();
    }
  }

  /** Tells all: nothing is to come any more. */
  end(): void {
    this.settle(() => false);
  }
}
