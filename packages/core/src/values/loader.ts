import { currentView, runInView, ViewContext } from '../engine/view-context.js';
import { NOTHING_MADE } from './producer.js';

type Loaded<T> = ReadonlyMap<string | number, T> | Readonly<Record<string, T>> | readonly (T | undefined)[];

interface Wanted<K> {
  readonly key: K;
  /** The run that makes it, of which the loader does the work. */
  readonly run: ViewContext | undefined;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Makes one call of many that come at the same time. */
export class Loader<K extends string | number, T> {
  readonly #load: (keys: readonly K[]) => Loaded<T> | Promise<Loaded<T>>;
  readonly #onNothing: (name: string) => void;
  #wanted: Wanted<K>[] = [];

  /** @param onNothing - told one of the keys of what was loaded, where none of them was asked for */
  constructor(
    load: (keys: readonly K[]) => Loaded<T> | Promise<Loaded<T>>,
    onNothing: (name: string) => void = () => {},
  ) {
    this.#load = load;
    this.#onNothing = onNothing;
  }

  /** The value of one key, when it is loaded with the others; {@link NOTHING_MADE} where there is none. */
  load(key: K): Promise<unknown> {
    // When all that is ready now has run, so that all who were told the same thing at the same time have asked.
    if (this.#wanted.length === 0) process.nextTick(() => void this.#flush());
    return new Promise((resolve, reject) => this.#wanted.push({ key, run: currentView(), resolve, reject }));
  }

  async #flush(): Promise<void> {
    const wanted = this.#wanted;
    this.#wanted = [];
    const runs = new Set(wanted.flatMap(({ run }) => (run === undefined ? [] : [run])));
    const whole = new ViewContext();
    const ends = beginWith(whole, runs);
    try {
      const loaded = await runInView(whole, () => this.#load(wanted.map(({ key }) => key)));
      for (const run of runs) run.takeOver(whole);
      const read = reader(loaded, wanted.length);
      const values = wanted.map(({ key }, i) => read(key, i));
      if (values.every((value) => value === NOTHING_MADE)) this.#tell(loaded);
      for (const [i, { resolve }] of wanted.entries()) resolve(values[i]);
    } catch (error) {
      for (const run of runs) run.takeOver(whole);
      for (const { reject } of wanted) reject(error);
    } finally {
      whole.end();
      for (const end of ends) end();
    }
  }

  /** Rows that nobody asked for are no answer that there are none. */
  #tell(loaded: Loaded<T>): void {
    if (Array.isArray(loaded)) return;
    const [name] = loaded instanceof Map ? loaded.keys() : Object.keys(loaded);
    if (name !== undefined) this.#onNothing(textOf(name));
  }
}

/** One run that makes what several others were to make: each of these waits for it. */
function beginWith(whole: ViewContext, runs: ReadonlySet<ViewContext>): readonly (() => void)[] {
  const [first] = runs;
  whole.home = first?.home;
  whole.outer = first?.outer;
  whole.makingMany = new Set([...runs].flatMap(({ making }) => making ?? []));
  return [...runs].map((run) => run.wait({ maker: whole }));
}

function reader<K extends string | number, T>(loaded: Loaded<T>, count: number): (key: K, i: number) => unknown {
  if (loaded instanceof Map) {
    return (key) => {
      if (loaded.has(key)) return loaded.get(key);
      const twin = twinOf(key);
      return twin !== undefined && loaded.has(twin) ? loaded.get(twin) : NOTHING_MADE;
    };
  }
  if (Array.isArray(loaded)) {
    if (loaded.length !== count) throw new TypeError(`loadMissing returned ${loaded.length} values for ${count} keys`);
    return (_, i) => (loaded[i] === undefined ? NOTHING_MADE : loaded[i]);
  }
  if (typeof loaded !== 'object' || loaded === null)
    throw new TypeError('loadMissing returned neither a Map, nor an object, nor a list');
  const record = loaded as Readonly<Record<string, T>>;
  return (key) => (Object.hasOwn(record, String(key)) ? record[String(key)] : NOTHING_MADE);
}

/** The same key as the other type: a number is its text, and drivers hand out large numbers as text. */
function twinOf(key: string | number): string | number | undefined {
  if (typeof key === 'number') return String(key);
  return String(Number(key)) === key ? Number(key) : undefined;
}

function textOf(name: unknown): string {
  const text = typeof name === 'string' ? `'${name}'` : typeof name === 'object' ? 'an object' : String(name);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
