import type { WriteInfo } from '@viewcache/core';

/** A database of one table that counts what it is asked, may be down, and refuses some rows. */
export class Table {
  readonly rows = new Map<string | number, unknown>();
  /** Versions by key: of each write that was taken, in the order in which they came. */
  readonly versions = new Map<string | number, number[]>();
  /** Each call, as `save a,b`. */
  readonly calls: string[] = [];
  isDown = false;
  /** Keys that it will never take. */
  readonly poison = new Set<string | number>();
  /** Waited for by each write. */
  gate: Promise<void> | undefined;

  readonly load = async (key: string | number): Promise<unknown> => {
    this.calls.push(`load ${key}`);
    return this.rows.get(key);
  };

  readonly save = async (key: string | number, value: unknown, { version }: WriteInfo): Promise<void> => {
    this.calls.push(`save ${key}`);
    await this.gate;
    this.#check([key]);
    this.#take(key, version);
    this.rows.set(key, value);
  };

  readonly saveMany = async (entries: readonly (readonly [string | number, unknown, WriteInfo])[]): Promise<void> => {
    this.calls.push(`save ${entries.map(([key]) => key)}`);
    await this.gate;
    this.#check(entries.map(([key]) => key));
    for (const [key, value, { version }] of entries) {
      this.#take(key, version);
      this.rows.set(key, value);
    }
  };

  readonly remove = async (key: string | number, { version }: WriteInfo): Promise<void> => {
    this.calls.push(`remove ${key}`);
    await this.gate;
    this.#check([key]);
    this.#take(key, version);
    this.rows.delete(key);
  };

  /** What it was asked since it was asked last. */
  taken(): string[] {
    return this.calls.splice(0);
  }

  /** Keys of which an older write came after a newer one. */
  get disordered(): (string | number)[] {
    return [...this.versions].flatMap(([key, versions]) =>
      versions.some((version, i) => version <= (versions[i - 1] ?? 0)) ? [key] : [],
    );
  }

  #take(key: string | number, version: number): void {
    const versions = this.versions.get(key) ?? [];
    versions.push(version);
    this.versions.set(key, versions);
  }

  #check(keys: readonly (string | number)[]): void {
    if (this.isDown) throw new Error('down');
    const wrong = keys.find((key) => this.poison.has(key));
    if (wrong !== undefined) throw new Error(`no ${wrong}`);
  }
}
