interface Batch {
  readonly tags: Set<string>;
  readonly left: Promise<ReadonlySet<string>>;
  finish(left: ReadonlySet<string>): void;
}

/**
 * Gathers the invalidations that arrive while one is under way, and sends them as the next one.
 *
 * Each begins by replacing the one global nonce: side by side they would overwrite each other's, and find at reading
 * back that somebody else was faster. A call joins only what has not begun, so what it invalidates was written before.
 */
export class InvalidationBatches {
  readonly #send: (tags: readonly string[]) => Promise<ReadonlySet<string>>;
  #next: Batch | undefined;
  #isRunning = false;

  /** @param send - invalidates, and says which tags it could not; never rejects */
  constructor(send: (tags: readonly string[]) => Promise<ReadonlySet<string>>) {
    this.#send = send;
  }

  /** True when all of these tags are invalid. */
  async add(tags: readonly string[]): Promise<boolean> {
    this.#next ??= newBatch();
    const batch = this.#next;
    for (const tag of tags) batch.tags.add(tag);
    if (!this.#isRunning) void this.#run();
    const left = await batch.left;
    return !tags.some((tag) => left.has(tag));
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#next !== undefined) {
      const batch = this.#next;
      this.#next = undefined;
      batch.finish(await this.#send([...batch.tags]));
    }
    this.#isRunning = false;
  }
}

function newBatch(): Batch {
  let finish: Batch['finish'] = () => {};
  const left = new Promise<ReadonlySet<string>>((resolve) => {
    finish = resolve;
  });
  return { tags: new Set(), left, finish };
}
