import { begun, isThenable } from '../base/answer.js';
import { shownKey } from '../base/printable.js';
import type { LoadingCall } from '../base/value-errors.js';
import { runInView, ViewContext } from '../engine/view-context.js';
import { currentView } from '../engine/view-storage.js';
import { beginWait } from '../engine/waits.js';
import { type KeyOf, readLoaded } from './loaded.js';
import { NOTHING_MADE } from './producer.js';
import { UNNAMED } from './value-policy.js';

interface Wanted<K> {
  readonly key: K;
  /** The run that makes it, of which the loader does the work. */
  readonly run: ViewContext | undefined;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** What a {@link Loader} is told beside what loads. */
export interface Loading {
  /** What a row is the value of, where rows are loaded. */
  readonly by?: KeyOf<never> | undefined;
  /** What the call is counted under. */
  readonly name?: string;
  /** The call and its function as their user knows them, for errors. */
  readonly call?: LoadingCall;
  /** So many keys at most are loaded in one call: further ones go with the next. */
  readonly most?: number;
  /** Told one of the keys of what was loaded, where none of them was asked for. */
  onNothing?(name: string): void;
}

/** Makes one call of many that come at the same time. */
export class Loader<K extends string | number> {
  readonly #load: (keys: readonly K[]) => unknown;
  readonly #told: Loading;
  #wanted: Wanted<K>[] = [];

  constructor(load: (keys: readonly K[]) => unknown, told: Loading = {}) {
    this.#load = load;
    this.#told = told;
  }

  /** The value of one key, when it is loaded with the others; {@link NOTHING_MADE} where there is none. */
  load(key: K): Promise<unknown> {
    // When all that is ready now has run, so that all who were told the same thing at the same time have asked.
    if (this.#wanted.length === 0) process.nextTick(() => void this.#flush());
    return new Promise((resolve, reject) => {
      this.#wanted.push({ key, run: currentView(), resolve, reject });
      if (this.#wanted.length >= (this.#told.most ?? Number.POSITIVE_INFINITY)) void this.#flush();
    });
  }

  #callOf(wanted: readonly Wanted<K>[]): string {
    const keys = wanted.map(({ key }) => key);
    const said = keys.length > 1 ? ` and ${keys.length - 1} more` : '';
    const missing = `${shownKey(keys[0] ?? '')}${said}`;
    const { name = UNNAMED } = this.#told;
    return name === UNNAMED ? missing : `${name} (${missing})`;
  }

  async #flush(): Promise<void> {
    const wanted = this.#wanted;
    // So many came that they have gone before their turn.
    if (wanted.length === 0) return;
    this.#wanted = [];
    const runs = new Set(wanted.flatMap(({ run }) => (run === undefined ? [] : [run])));
    const whole = new ViewContext();
    const ends = beginWith(whole, runs);
    try {
      const keys = onceEach(wanted.map(({ key }) => key));
      const loaded = await runInView(whole, () => {
        const loading = this.#load(keys);
        return isThenable(loading) ? begun(loading) : loading;
      });
      for (const run of runs) run.takeOver(whole);
      const { of, first } = readLoaded(loaded, this.#told.by, this.#callOf(wanted), this.#told.call);
      const values = wanted.map(({ key }) => of(key));
      // Rows that nobody asked for are no answer that there are none.
      if (first !== undefined && values.every((value) => value === NOTHING_MADE)) this.#told.onNothing?.(textOf(first));
      for (const [i, { resolve }] of wanted.entries()) resolve(values[i]);
    } catch (error) {
      for (const run of runs) run.takeOver(whole);
      for (const { reject } of wanted) reject(error);
    } finally {
      whole.end();
      for (const end of ends) end();
    }
  }
}

/** Where each asks for himself, as with a store that is off, 7 and `'7'` come as two; they are one key, and one row's. */
function onceEach<K extends string | number>(keys: readonly K[]): readonly K[] {
  const known = new Map<string, K>();
  for (const key of keys) if (!known.has(String(key))) known.set(String(key), key);
  return [...known.values()];
}

/** One run that makes what several others were to make: each of these waits for it. */
function beginWith(whole: ViewContext, runs: ReadonlySet<ViewContext>): readonly (() => void)[] {
  const [first] = runs;
  whole.home = first?.home;
  whole.outer = first?.outer;
  whole.isProducer = true;
  whole.tracksReads = first?.tracksReads === true;
  whole.hearer = first?.hearer;
  whole.makingMany = new Set([...runs].flatMap(({ making }) => making ?? []));
  return [...runs].map((run) => {
    run.worker = whole;
    return beginWait(run, { maker: whole });
  });
}

function textOf(name: unknown): string {
  const text = typeof name === 'string' ? `'${name}'` : typeof name === 'object' ? 'an object' : String(name);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
