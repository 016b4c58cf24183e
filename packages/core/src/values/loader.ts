import { begun, isThenable } from '../base/answer.js';
import { shownKey } from '../base/printable.js';
import type { LoadingCall } from '../base/value-errors.js';
import { runInView, ViewContext } from '../engine/view-context.js';
import { currentView } from '../engine/view-storage.js';
import { beginWait } from '../engine/waits.js';
import { hasFailedTogether, whatSays } from './batch-failure.js';
import { type KeyOf, readLoaded } from './loaded.js';
import { NOTHING_MADE } from './producer.js';
import { UNNAMED } from './value-policy.js';

/** So many calls may fail, where none has come off, until halves are of no use: what the database refuses is all over the place. */
const MOST_HALVES = 15;
/** So many until all is taken to fail: a database that is down is not asked for each key. */
const MOST_FAILED = 32;
/** For so long after the first call those who wait are kept waiting by further ones. */
const MOST_MS = 5_000;

interface Wanted<K> {
  readonly key: K;
  /** The run that makes it, of which the loader does the work. */
  readonly run: ViewContext | undefined;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** What a call has failed with. */
interface Failed {
  readonly error: unknown;
}

/** Those who want one key. */
type Asking<K> = readonly Wanted<K>[];

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

/**
 * Makes one call of many that come at the same time. They may be of many who have nothing to do with each other: where it fails,
 * what they want is asked for again by halves, down to the key that it fails for.
 */
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
    const since = performance.now();
    const left = [onceEach(wanted)];
    let failed = 0;
    let isAnswering = false;
    let first: Failed | undefined;
    for (let part = left.shift(); part !== undefined; part = left.shift()) {
      const failure = await this.#loadPart(part, [part, ...left].flat(2));
      if (failure === undefined) {
        isAnswering = true;
        continue;
      }
      failed++;
      first ??= failure;
      const says = whatSays(failure.error);
      const { error } = says === 'aftermath' ? first : failure;
      const isHopeless =
        says === 'aftermath' ||
        says === 'of-no-key' ||
        (failed >= MOST_FAILED && !isAnswering) ||
        performance.now() - since > MOST_MS;
      if (part.length === 1) reject(part.flat(), error);
      else if (isHopeless || says === 'wrong') rejectTogether(part.flat(), error);
      else left.push(...halvesOf(part));
      if (isHopeless) rejectTogether(left.splice(0).flat(2), error);
      else if (failed === MOST_HALVES && !isAnswering) left.push(...dealtOut(left.splice(0)));
    }
  }

  /**
   * Loads in one call, and tells those who have asked.
   *
   * @param waiting - all who wait for the call: also those whose turn is after it
   * @returns why it has failed, if it has
   */
  async #loadPart(part: readonly Asking<K>[], waiting: Asking<K>): Promise<Failed | undefined> {
    const wanted = part.flat();
    const runs = runsOf(wanted);
    const whole = new ViewContext();
    const ends = beginWith(whole, runs, runsOf(waiting));
    try {
      const keys = part.flatMap(([first]) => first?.key ?? []);
      const loaded = await runInView(whole, () => {
        const loading = this.#load(keys);
        return isThenable(loading) ? begun(loading) : loading;
      });
      const { of, first } = readLoaded(loaded, this.#told.by, this.#callOf(wanted), this.#told.call);
      const values = wanted.map(({ key }) => of(key));
      for (const run of runs) run.takeOver(whole);
      // Rows that nobody asked for are no answer that there are none.
      if (first !== undefined && values.every((value) => value === NOTHING_MADE)) this.#told.onNothing?.(textOf(first));
      for (const [i, { resolve }] of wanted.entries()) resolve(values[i]);
      return undefined;
    } catch (error) {
      for (const run of runs) run.takeOver(whole);
      return { error };
    } finally {
      whole.end();
      for (const end of ends) end();
    }
  }
}

function reject<K>(wanted: Asking<K>, error: unknown): void {
  for (const one of wanted) one.reject(error);
}

/** What a call for several keys has failed with is an error of none of them. */
function rejectTogether<K>(wanted: Asking<K>, error: unknown): void {
  for (const run of runsOf(wanted)) hasFailedTogether(run);
  reject(wanted, error);
}

function halvesOf<T>(list: readonly T[]): readonly (readonly T[])[] {
  const middle = Math.ceil(list.length / 2);
  return [list.slice(0, middle), list.slice(middle)];
}

/** Each by itself: the first of each part, then the second ones. */
function dealtOut<T>(parts: readonly (readonly T[])[]): readonly (readonly T[])[] {
  const most = Math.max(0, ...parts.map(({ length }) => length));
  return Array.from({ length: most }, (_, i) =>
    parts.flatMap((part) => part.slice(i, i + 1).map((one) => [one])),
  ).flat();
}

function runsOf<K>(wanted: Asking<K>): ReadonlySet<ViewContext> {
  return new Set(wanted.flatMap(({ run }) => run ?? []));
}

/** Where each asks for himself, as with a store that is off, 7 and `'7'` come as two; they are one key, and one row's. */
function onceEach<K extends string | number>(wanted: Asking<K>): readonly Asking<K>[] {
  const asking = new Map<string, Wanted<K>[]>();
  for (const one of wanted) {
    const others = asking.get(String(one.key));
    if (others === undefined) asking.set(String(one.key), [one]);
    else others.push(one);
  }
  return [...asking.values()];
}

/** One run that makes what several others were to make: each of these waits for it, and so do those that come after them. */
function beginWith(
  whole: ViewContext,
  runs: ReadonlySet<ViewContext>,
  waiting: ReadonlySet<ViewContext>,
): readonly (() => void)[] {
  const [first] = runs;
  whole.home = first?.home;
  whole.outer = first?.outer;
  whole.isProducer = true;
  whole.tracksReads = first?.tracksReads === true;
  whole.hearer = first?.hearer;
  whole.makingMany = new Set([...waiting].flatMap(({ making }) => making ?? []));
  return [...waiting].map((run) => {
    run.worker = whole;
    return beginWait(run, { maker: whole });
  });
}

function textOf(name: unknown): string {
  const text = typeof name === 'string' ? `'${name}'` : typeof name === 'object' ? 'an object' : String(name);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
