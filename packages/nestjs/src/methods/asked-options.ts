import { type Cache, ConfigError } from '@viewcache/core';
import { type AnyFunction, answerOf, runtimeOf, saysTrue } from '@viewcache/core/node';

/** A user's function among the options. */
type Option = (...told: readonly unknown[]) => unknown;

/** Tells of something that nobody who calls a method sees. */
export function warn(cache: Cache, message: string): void {
  runtimeOf(cache)?.telemetry.emit({ type: 'warning', message });
}

/** Whether a function among the options says yes; without one it does. */
export function saysYes(
  cache: Cache,
  setting: string,
  option: AnyFunction | undefined,
  told: readonly unknown[],
): boolean {
  if (option === undefined) return true;
  return saysTrue(
    () => (option as Option)(...told),
    (why) => warn(cache, `${setting} ${why}, and was taken for no`),
  );
}

/**
 * What an option says: itself, or what it answers where it is a function.
 *
 * @returns `undefined` for a function that has failed to answer, of which a warning was given
 */
export function saidBy(cache: Cache, setting: string, option: unknown, told: readonly unknown[]): unknown {
  if (typeof option !== 'function') return option;
  let hasFailed = false;
  const fail = (why: string): void => {
    hasFailed = true;
    warn(cache, `${setting} ${why}`);
  };
  const answer = answerOf<unknown>(() => (option as Option)(...told), fail);
  if (answer === undefined && !hasFailed) fail('returned undefined');
  return answer;
}

/** Warns of what a function among the options has answered wrongly: whoever called the method has done nothing wrong. */
export async function warningOf(cache: Cache, setting: string, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    warn(cache, `${setting}: ${error.message}`);
  }
}
