export interface City {
  readonly id: number;
  readonly name: string;
}

/** What stands for a database: it counts its queries. */
export class Cities {
  readonly #rows = new Map(Array.from({ length: 50 }, (_, i) => [i + 1, { id: i + 1, name: `City ${i + 1}` }]));
  queries = 0;

  all(): Promise<readonly City[]> {
    this.queries++;
    return Promise.resolve([...this.#rows.values()]);
  }

  count(): Promise<number> {
    this.queries++;
    return Promise.resolve(this.#rows.size);
  }

  rename(id: number, name: string): Promise<void> {
    this.#rows.set(id, { id, name });
    return Promise.resolve();
  }
}
