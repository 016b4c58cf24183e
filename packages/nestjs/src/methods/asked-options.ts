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
  return decides(cache, setting, option, told, 'and was taken for no') === true;
}

/**
 * What a function among the options decides; without one that is true.
 *
 * @param instead - what is done where it does not, for the warning
 * @returns `undefined` for anything that is neither true nor false, of which a warning was given
 */
export function decides(
  cache: Cache,
  setting: string,
  option: AnyFunction | undefined,
  told: readonly unknown[],
  instead: string,
): boolean | undefined {
  if (option === undefined) return true;
  let hasFailed = false;
  const says = saysTrue(
    () => (option as Option)(...told),
    (why) => {
      hasFailed = true;
      warn(cache, `${setting} ${why}, ${instead}`);
    },
  );
  return hasFailed ? undefined : says;
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

/**
 * Does what the options say; something else, with a warning, where that cannot be done: whoever called the method has done
 * nothing wrong.
 *
 * @param message - says who has done what else
 */
export async function orElse(
  cache: Cache,
  message: string,
  act: () => Promise<unknown>,
  actInstead: () => Promise<unknown>,
): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    warn(cache, `${message}: ${error.message}`);
    await actInstead();
  }
}
