import { isThenable } from '../base/answer.js';

/**
 * What a function returns, as far as whoever calls it has to be given the same: a promise, an iterable that can be gone
 * through once, or anything else.
 */
export type ResultKind = 'plain' | 'promise' | 'stream' | 'iterator';

/** What an iterable came to: stored in its stead. */
export interface Collected {
  readonly items: readonly unknown[];
  readonly returned: unknown;
}

/** An iterable failed half-way: whoever goes through it gets what there was, and then the error. */
export class BrokenOff {
  constructor(
    readonly items: readonly unknown[],
    readonly error: unknown,
  ) {}

  toString(): string {
    return String(this.error);
  }
}

const AsyncFunction = (async () => {}).constructor;
const AsyncGeneratorFunction = async function* () {}.constructor;
const GeneratorFunction = function* () {}.constructor;

/** What a function returns, as far as that is known before it has run. */
export function kindOfFunction(fn: (...args: never[]) => unknown): ResultKind | undefined {
  // By name, as a function may come from another realm.
  const { name } = fn.constructor;
  if (name === AsyncFunction.name) return 'promise';
  if (name === AsyncGeneratorFunction.name) return 'stream';
  return name === GeneratorFunction.name ? 'iterator' : undefined;
}

/** What a function has returned. */
export function kindOfResult(result: unknown): ResultKind {
  if (typeof result !== 'object' || result === null) return 'plain';
  if (isThenable(result)) return 'promise';
  if (Symbol.asyncIterator in result) return 'stream';
  // A list or a Map can be gone through again; what has `next` is used up by it.
  return Symbol.iterator in result && 'next' in result && typeof result.next === 'function' ? 'iterator' : 'plain';
}

/** @throws {@link BrokenOff} */
export async function collect(stream: AsyncIterable<unknown>): Promise<Collected> {
  const items: unknown[] = [];
  const iterator = stream[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await iterator.next();
      if (step.done === true) return { items, returned: step.value };
      items.push(step.value);
    }
  } catch (error) {
    throw new BrokenOff(items, error);
  }
}

/** @throws {@link BrokenOff} */
export function collectNow(iterator: Iterator<unknown>): Collected {
  const items: unknown[] = [];
  try {
    for (;;) {
      const step = iterator.next();
      if (step.done === true) return { items, returned: step.value };
      items.push(step.value);
    }
  } catch (error) {
    throw new BrokenOff(items, error);
  }
}

/**
 * A stream of what is asked for when the first item is.
 *
 * @param copy - of what several may have been handed
 */
export async function* replay(
  ask: () => unknown,
  copy: (items: readonly unknown[]) => readonly unknown[],
): AsyncGenerator {
  let found: Collected;
  try {
    found = (await ask()) as Collected;
  } catch (error) {
    if (!(error instanceof BrokenOff)) throw error;
    yield* copy(error.items);
    throw error.error;
  }
  yield* found.items;
  return found.returned;
}

/** {@link replay} of what need not be waited for. */
export function* replayNow(ask: () => unknown, copy: (items: readonly unknown[]) => readonly unknown[]): Generator {
  let found: Collected;
  try {
    found = ask() as Collected;
  } catch (error) {
    if (!(error instanceof BrokenOff)) throw error;
    yield* copy(error.items);
    throw error.error;
  }
  yield* found.items;
  return found.returned;
}
