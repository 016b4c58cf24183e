import { AsyncResource } from 'node:async_hooks';

/** The longest a timer can wait. What it does is nothing. */
const LONGEST_MS = 2 ** 31 - 1;

/** The process's own context, so that the timer keeps no request's alive. */
const outsideRequests = new AsyncResource('viewcache.process');

let awaited = 0;
let anchor: NodeJS.Timeout | undefined;

/**
 * Keeps the process from ending until something that was promised to its caller has come to an end.
 *
 * Timers and idle connections of a cache keep no process alive. Where nothing else does, at start-up or in a script that
 * only invalidates, Node would end in the middle of the caller's `await`.
 *
 * @param work - settles within a bounded time
 */
export async function keepProcessFor<T>(work: Promise<T>): Promise<T> {
  const release = keepProcess();
  try {
    return await work;
  } finally {
    release();
  }
}

/** The same until what it returns is called, which may be done again. */
export function keepProcess(): () => void {
  anchor ??= outsideRequests.runInAsyncScope(() => setInterval(() => {}, LONGEST_MS));
  if (awaited++ === 0) anchor.ref();
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    if (--awaited === 0) anchor?.unref();
  };
}
