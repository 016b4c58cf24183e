const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** What is to be done before the process ends by a signal. */
const flushes = new Set<(isEnd: boolean) => Promise<unknown>>();
const listeners = new Map<(typeof SIGNALS)[number], () => void>();

/**
 * Has something done when the process is told to end, before it does. Who has a handler of his own for the signal says himself
 * when it ends; a second signal ends it at once.
 *
 * @param flush - settles within a bounded time; told whether nobody else listens, so that the process will end
 * @returns takes it back
 */
export function beforeExit(flush: (isEnd: boolean) => Promise<unknown>): () => void {
  flushes.add(flush);
  for (const signal of SIGNALS) listen(signal);
  return () => {
    flushes.delete(flush);
    if (flushes.size === 0) stopListening();
  };
}

function listen(signal: (typeof SIGNALS)[number]): void {
  if (listeners.has(signal)) return;
  const end = async (): Promise<void> => {
    stopListening();
    const isEnd = process.listenerCount(signal) === 0;
    await Promise.allSettled([...flushes].map((flush) => flush(isEnd)));
    // Whoever else listens decides what becomes of the process.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  const listener = (): void => void end();
  listeners.set(signal, listener);
  process.on(signal, listener);
}

function stopListening(): void {
  for (const [signal, listener] of listeners) process.off(signal, listener);
  listeners.clear();
}
