import type { InvalidationTarget } from '@viewcache/core';
import { type AnyFunction, answerOf, checkTarget } from '@viewcache/core/node';

/** What `cache.invalidate` is told by. */
export const TARGETS = ['tags', 'key', 'keys', 'url', 'path', 'namespace', 'all'] as const;
export type TargetKind = (typeof TARGETS)[number];

/** What an option names, as far as it can be told. */
export interface NamedTarget {
  /** `undefined`: nothing. */
  readonly target: InvalidationTarget | undefined;
  /** What it has said that names nothing. */
  readonly wrong: string | undefined;
}

/**
 * Reads what an option of one kind names: itself, or what it answers where it is a function. Of a list, what can be named.
 *
 * @param setting - the decorator at its method, for what is wrong
 * @param told - what a function is told
 */
export function namedTarget(setting: string, kind: TargetKind, option: unknown, told: readonly unknown[]): NamedTarget {
  let wrong: string | undefined;
  const fail = (why: string): void => {
    wrong ??= why;
  };
  const ask = (): unknown => (option as AnyFunction)(...(told as never[]));
  const answer = typeof option === 'function' ? answerOf(ask, (why) => fail(`${setting}.${kind} ${why}`)) : option;
  if (wrong !== undefined) return { target: undefined, wrong };
  // Holes in a list are to be seen, too.
  const list: readonly unknown[] = Array.isArray(answer) ? Array.from(answer) : [answer];
  const fit = list.filter((each) => {
    const why = wrongOf(setting, kind, each);
    if (why !== undefined) fail(why);
    return why === undefined;
  });
  if (fit.length === 0) return { target: undefined, wrong };
  // Of what there can be only one, a list names nothing.
  const target = { [kind]: Array.isArray(answer) ? fit : answer } as unknown as InvalidationTarget;
  const why = wrongOf(setting, kind, Array.isArray(answer) ? fit : answer);
  return why === undefined ? { target, wrong } : { target: undefined, wrong: why };
}

function wrongOf(setting: string, kind: TargetKind, value: unknown): string | undefined {
  if (value === undefined) return `${setting}.${kind} returned undefined`;
  try {
    checkTarget(setting, { [kind]: value });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
