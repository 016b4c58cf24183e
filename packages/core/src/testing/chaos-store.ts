import type { Store } from '../ports/store.js';

/** What can be asked of a {@link ChaosStore}, as its `fault` sees it. */
export type ChaosOperation = 'getMany' | 'set' | 'deleteMany';

/** One way in which a store fails. */
export type Fault =
  /** Throws before there is a promise. */
  | 'throw'
  | 'reject'
  /** Never settles, and never does what was asked. */
  | 'hang'
  /** Settles only at {@link ChaosStore.release}, and only then does what was asked. */
  | 'late'
  /** Answers as if it had done what was asked: written, deleted, found nothing. */
  | 'lie'
  /** Answers with things of no type that a store may answer with. */
  | 'garbage';

/**
 * A store in memory that fails as it is told: for tests of what stands on a store.
 *
 * Each command is one atomic step, applied when `step` lets it; `getMany` is a step per key, as in a store that has no
 * command for many.
 *
 * @example
 * ```ts
 * const store = new ChaosStore();
 * store.fault = (operation) => (operation === 'set' ? 'lie' : undefined);
 * await store.set('k', bytes, 1000); // true, and nothing is stored
 * ```
 */
export class ChaosStore implements Store {
  readonly name: string;
  /** What is stored; take a key out to lose it. */
  readonly data = new Map<string, Uint8Array>();
  /** The lifetime each key was last set with, in milliseconds. */
  readonly ttls = new Map<string, number>();
  /** Every operation asked for, the failed ones included. */
  readonly calls: { readonly operation: ChaosOperation; readonly keys: readonly string[] }[] = [];
  /** Decides how the next operation fails, if it does. */
  fault: (operation: ChaosOperation, keys: readonly string[]) => Fault | undefined = () => undefined;
  /** Awaited before each command is applied: where a scheduler takes hold. */
  step: () => Promise<unknown> = () => Promise.resolve();
  closed = 0;
  #late: (() => void)[] = [];

  constructor(name = 'chaos') {
    this.name = name;
  }

  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    const missing = keys.map(() => undefined);
    const rubbish = [null, 'x', { length: keys.length }, keys.map(() => 'text'), keys.map(() => 7), [...keys, 'more']];
    const read = (key: string): Promise<Uint8Array | undefined> => this.step().then(() => this.data.get(key));
    return this.#do('getMany', keys, missing, rubbish, () => Promise.all(keys.map(read)));
  }

  set(key: string, value: Uint8Array, ttlMs: number): Promise<boolean> {
    return this.#do('set', [key], true, ['OK', undefined, 1, {}], async () => {
      await this.step();
      this.data.set(key, value.slice());
      this.ttls.set(key, ttlMs);
      return true;
    });
  }

  deleteMany(keys: readonly string[]): Promise<void> {
    return this.#do('deleteMany', keys, undefined, [7, 'x'], async () => {
      await this.step();
      for (const key of keys) this.data.delete(key);
    });
  }

  close(): Promise<void> {
    this.closed++;
    return Promise.resolve();
  }

  /** Carries out, in their order, the operations that are `late`, and lets them answer. */
  release(): void {
    const late = this.#late;
    this.#late = [];
    for (const run of late) run();
  }

  #do<T>(
    operation: ChaosOperation,
    keys: readonly string[],
    lie: T,
    rubbish: readonly unknown[],
    work: () => Promise<T>,
  ): Promise<T> {
    const fault = this.fault(operation, keys);
    this.calls.push({ operation, keys });
    switch (fault) {
      case 'throw':
        throw new Error(`chaos: ${operation} threw`);
      case 'reject':
        return Promise.reject(new Error(`chaos: ${operation} rejected`));
      case 'hang':
        return new Promise(() => {});
      case 'late':
        return new Promise((resolve, reject) => {
          this.#late.push(() => {
            work().then(resolve, reject);
          });
        });
      case 'lie':
        return Promise.resolve(lie);
      case 'garbage':
        return Promise.resolve(rubbish[this.calls.length % rubbish.length] as T);
      default:
        return work();
    }
  }
}
