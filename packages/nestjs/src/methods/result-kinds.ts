import { ignoreRejection, isThenable } from '@viewcache/core/node';
import {
  concat,
  defer,
  from,
  ignoreElements,
  isObservable,
  lastValueFrom,
  mergeMap,
  type Observable,
  type ObservableInput,
  takeLast,
  tap,
  toArray,
} from 'rxjs';
import type { ResultKind } from './declared-kind.js';

/** The last value of an Observable, or nothing, where it has none: what is stored in its stead. */
export type Last = readonly unknown[];

/** Runs an Observable to its end; a promise, where there is one in its place, too. */
export function lastOf(source: unknown): Promise<Last> {
  return lastValueFrom(from(source as ObservableInput<unknown>).pipe(takeLast(1), toArray()));
}

/** An Observable of what becomes known when somebody subscribes. */
export function observe(ask: () => unknown): Observable<unknown> {
  return defer(async () => (await ask()) as Last).pipe(mergeMap((last) => last));
}

/** What a method has returned; `undefined` for what nobody has to wait for. */
export function kindOf(result: unknown): ResultKind | undefined {
  if (isObservable(result)) return 'observable';
  if (isThenable(result)) return 'promise';
  const isStream = typeof result === 'object' && result !== null && Symbol.asyncIterator in result;
  return isStream ? 'stream' : undefined;
}

/**
 * What a method returns, with something done once it has succeeded, before whoever called it hears of that; once it was broken
 * off, too, where it returns several values.
 *
 * @param after - told what its promise comes to, or the last value of its Observable; what it returns is waited for
 */
export function followedBy(result: unknown, after: (value: unknown) => unknown): unknown {
  switch (kindOf(result)) {
    case 'promise':
      return (result as PromiseLike<unknown>).then(async (value) => {
        await after(value);
        return value;
      });
    case 'observable':
      return followedObservable(result as Observable<unknown>, after);
    case 'stream':
      return isGenerator(result) ? followedStream(result, after) : followedReadable(result as object, after);
    default:
      // Nobody waits for a method that returns no promise.
      ignoreRejection(after(result));
      return result;
  }
}

function followedObservable(source: Observable<unknown>, after: (value: unknown) => unknown): Observable<unknown> {
  return defer(() => {
    let last: unknown;
    let isOver = false;
    const values = source.pipe(
      tap({
        next: (value) => {
          last = value;
        },
        error: () => {
          isOver = true;
        },
        complete: () => {
          isOver = true;
        },
        // As `firstValueFrom` does once it has a value: what has been written is written, and nobody is there to wait.
        finalize: () => {
          if (!isOver) ignoreRejection(after(last));
        },
      }),
    );
    return concat(values, defer(async () => await after(last)).pipe(ignoreElements()));
  });
}

/** What can be gone through, and no more: another one takes its place without anybody missing anything. */
function isGenerator(result: unknown): result is AsyncGenerator {
  const { next, return: end, throw: fail } = result as Partial<AsyncGenerator>;
  return [next, end, fail].every((method) => typeof method === 'function');
}

/** A stream or a cursor can do more than be gone through, and stays what it is: it says of itself when it is over, or never. */
function followedReadable(result: object, after: (value: unknown) => unknown): object {
  const act = (): void => ignoreRejection(after(result));
  act();
  const { pipe, once } = result as { readonly pipe?: unknown; readonly once?: unknown };
  if (typeof pipe === 'function' && typeof once === 'function') once.call(result, 'close', act);
  return result;
}

async function* followedStream(source: AsyncGenerator, after: (value: unknown) => unknown): AsyncGenerator {
  let hasFailed = false;
  let returned: unknown;
  try {
    returned = yield* source;
    return returned;
  } catch (error) {
    hasFailed = true;
    throw error;
  } finally {
    // Also where whoever reads it breaks off: what has been written is written.
    if (!hasFailed) await after(returned);
  }
}
