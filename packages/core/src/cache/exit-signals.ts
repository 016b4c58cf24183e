const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
type Signal = (typeof SIGNALS)[number];

/** What is to be done before the process ends by a signal. */
const flushes = new Set<(isEnd: boolean) => Promise<unknown>>();
const listeners = new Map<Signal, () => void>();

/**
 * Has something done when the process is told to end, before it does. Who has a handler of his own for the signal says himself
 * when it ends; the same signal once more ends it at once.
 *
 * @param flush - settles within a bounded time; told whether nobody else listens, so that the process will end
 * @returns takes it back
 */
export function beforeExit(flush: (isEnd: boolean) => Promise<unknown>): () => void {
  flushes.add(flush);
  for (const signal of SIGNALS) listen(signal);
  return () => {
    flushes.delete(flush);
    if (flushes.size === 0) for (const signal of SIGNALS) stopListening(signal);
  };
}

function listen(signal: Signal): void {
  if (listeners.has(signal)) return;
  const end = async (): Promise<void> => {
    stopListening(signal);
    const isEnd = process.listenerCount(signal) === 0;
    await Promise.allSettled([...flushes].map((flush) => flush(isEnd)));
    // Whoever else listens, or has listened once, decides what becomes of the process.
    if (isEnd && process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    // Where it goes on, another one may come.
    else if (flushes.size > 0) listen(signal);
  };
  const listener = (): void => void end();
  listeners.set(signal, listener);
  // Before those who listen once, who are not to be seen any more when they have heard it.
  process.prependListener(signal, listener);
}

function stopListening(signal: Signal): void {
  const listener = listeners.get(signal);
  if (listener !== undefined) process.off(signal, listener);
  listeners.delete(signal);
}
