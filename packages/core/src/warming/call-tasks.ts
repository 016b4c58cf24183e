import { printable } from '../base/printable.js';
import { spelledKey } from '../base/spelled-key.js';
import { type MemoResults, memoOf } from '../cache/memoized-function.js';
import type { AnyFunction } from '../values/any-function.js';
import type { ReadTasks, Task } from './task.js';
import { digestOf } from './warm-name.js';
import type { WarmCalls } from './warm-types.js';

/** The calls of a source, one by one: those that begin together may be collected by a loader inside the function. */
export function callTasks({ fn, args, instance }: WarmCalls, limit: number): ReadTasks {
  const memo = instance === undefined ? memoOf(fn) : memoOf(fn).of(instance);
  const tasks = args.slice(0, limit).map((list): Task => {
    const key = keyOf(memo, list);
    return {
      unseen: 'its function is memoized in another cache',
      what: key ?? `${printable(fn.name)}(…)`,
      key,
      isMeant: (found) => key === undefined || found === key,
      begin: () => {
        const call = async (): Promise<number> => {
          await Reflect.apply(fn, instance, list);
          return 200;
        };
        return { answered: call(), hangUp() {} };
      },
    };
  });
  return { tasks, skipped: [], isCut: args.length > limit, digest: digestOf(tasks.map(({ what }) => what)) };
}

/** Arguments that can be no part of a key are refused when they are called with. */
function keyOf(memo: MemoResults<AnyFunction>, list: readonly unknown[]): string | undefined {
  try {
    return spelledKey(Reflect.apply(memo.keyFor, memo, list));
  } catch {
    return undefined;
  }
}
