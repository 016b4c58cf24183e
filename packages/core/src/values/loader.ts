import { NOTHING_MADE } from './caller.js';

type Loaded<T> = ReadonlyMap<string | number, T> | Readonly<Record<string, T>> | readonly (T | undefined)[];

interface Wanted<K> {
  readonly key: K;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Makes one call of many that come at the same time. */
export class Loader<K extends string | number, T> {
  readonly #load: (keys: readonly K[]) => Loaded<T> | Promise<Loaded<T>>;
  #wanted: Wanted<K>[] = [];

  constructor(load: (keys: readonly K[]) => Loaded<T> | Promise<Loaded<T>>) {
    this.#load = load;
  }

  /** The value of one key, when it is loaded with the others; {@link NOTHING_MADE} where there is none. */
  load(key: K): Promise<unknown> {
    // When all that is ready now has run, so that all who were told the same thing at the same time have asked.
    if (this.#wanted.length === 0) process.nextTick(() => void this.#flush());
    return new Promise((resolve, reject) => this.#wanted.push({ key, resolve, reject }));
  }

  async #flush(): Promise<void> {
    const wanted = this.#wanted;
    this.#wanted = [];
    try {
      const loaded = await this.#load(wanted.map(({ key }) => key));
      const read = reader(loaded, wanted.length);
      for (const [i, { key, resolve }] of wanted.entries()) resolve(read(key, i));
    } catch (error) {
      for (const { reject } of wanted) reject(error);
    }
  }
}

function reader<K extends string | number, T>(loaded: Loaded<T>, count: number): (key: K, i: number) => unknown {
  if (loaded instanceof Map) return (key) => (loaded.has(key) ? loaded.get(key) : NOTHING_MADE);
  if (Array.isArray(loaded)) {
    if (loaded.length !== count) throw new TypeError(`loadMissing returned ${loaded.length} values for ${count} keys`);
    return (_, i) => (loaded[i] === undefined ? NOTHING_MADE : loaded[i]);
  }
  if (typeof loaded !== 'object' || loaded === null)
    throw new TypeError('loadMissing returned neither a Map, nor an object, nor a list');
  const record = loaded as Readonly<Record<string, T>>;
  return (key) => (Object.hasOwn(record, String(key)) ? record[String(key)] : NOTHING_MADE);
}
