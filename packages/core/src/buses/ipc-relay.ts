import type { Worker } from 'node:cluster';
import { clusterModule } from './cluster-module.js';
import { MARK, readMessage } from './ipc-messages.js';

let stop: (() => void) | undefined;

/**
 * Passes invalidations on between the workers of a `node:cluster`, whose caches are in memory: to be called in the primary
 * process, before or after it forks. Without it each worker knows only of its own.
 *
 * @returns ends it
 *
 * @example
 * ```ts
 * if (cluster.isPrimary) {
 *   relayInvalidations();
 *   for (let i = 0; i < availableParallelism(); i++) cluster.fork();
 * } else {
 *   startApp();
 * }
 * ```
 */
export function relayInvalidations(): () => void {
  if (stop !== undefined) return stop;
  const cluster = clusterModule();
  const relay = (from: Worker, raw: unknown): void => {
    const message = readMessage(raw);
    if (message === undefined || message[MARK] === 'done') return;
    if (message[MARK] === 'invalidated') {
      for (const worker of Object.values(cluster.workers ?? {})) if (worker !== from) tell(worker, message);
    }
    // After the others: what they are told comes before any answer to a later question of theirs.
    tell(from, { [MARK]: 'done', namespace: message.namespace, id: message.id });
  };
  cluster.on('message', relay);
  stop = () => {
    cluster.off('message', relay);
    stop = undefined;
  };
  return stop;
}

/** A worker that is going away hears nothing any more, and answers nobody either. */
function tell(worker: Worker | undefined, message: object): void {
  if (worker?.isConnected() === true) worker.send(message, () => {});
}
