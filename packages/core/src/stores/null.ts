import type { LocalStore } from '../ports/local-store.js';

/** Stores nothing: `null:`. Equal requests are still collapsed while a handler runs. */
export class NullStore<V> implements LocalStore<V> {
  readonly size = 0;
  readonly bytes = 0;

  get(): undefined {
    return undefined;
  }

  slotOf(): number {
    return -1;
  }

  use(): boolean {
    return false;
  }

  peek(): undefined {
    return undefined;
  }

  set(): boolean {
    return false;
  }

  reweigh(): void {}

  delete(): boolean {
    return false;
  }

  clear(): void {}

  prune(): number {
    return 0;
  }

  entries(): Iterable<[key: string, value: V]> {
    return [];
  }

  close(): void {}
}
