import { ConfigError } from '../base/errors.js';
import { warnOnce } from '../base/process-warning.js';
import type { BehindSettings, QueueSettings } from '../config/behind-options.js';
import type { ThroughSettings } from '../config/through-options.js';
import { Journal } from '../stores/journal/journal.js';
import type { ClientOptions } from '../stores/redis/library.js';
import { readAddress } from '../stores/redis/target.js';
import { type BullLibrary, loadBullLibrary } from '../stores/write-queue/bull-library.js';
import { DurableQueue } from '../stores/write-queue/durable-queue.js';
import { LocalQueue } from '../values/strategies/local-queue.js';
import type { PendingWrite } from '../values/strategies/write-queue.js';
import { within } from '../values/within.js';
import { BehindStrategy } from './behind-strategy.js';
import { importFromApp, requireDrivers } from './driver-package.js';
import { beforeExit } from './exit-signals.js';
import { keepProcessFor } from './keep-process.js';
import { redisLibrary } from './shared-level.js';
import type { StrategySpace } from './strategy-space.js';
import type { ValueCalls } from './value-calls.js';

/** A strategy that writes behind, until it is closed. */
interface OpenBehind {
  readonly strategy: BehindStrategy;
  close(): Promise<void>;
}

/** Where a strategy is opened, as far as that is known before a cache is asked. */
export interface OpenPlace {
  /** When: for a cache at once; for whichever is the default one, when the modules being loaded have said which that is. */
  readonly when: 'now' | 'soon';
  /** Of its namespace; empty for the cache itself. */
  readonly prefix: string;
}

/**
 * Opens a strategy that writes behind.
 *
 * @returns the strategy, which is opened at the latest now
 * @throws {@link ConfigError} where its journal cannot be had, its drivers are missing, or its name is taken
 */
export function openBehind(
  where: () => ValueCalls,
  spaces: () => StrategySpace,
  settings: ThroughSettings,
  behind: BehindSettings,
  { when, prefix }: OpenPlace,
): () => OpenBehind {
  if (behind.queue !== undefined) {
    clientOf(behind.queue);
    requireDrivers('redis:', ['bullmq', '@keyv/redis'], undefined, 'through.queue');
  }
  const strategy = `${prefix}${settings.name}`;
  const journal = behind.journal && Journal.open('through.journal', { ...behind.journal, strategy }, warnOnce);
  let opened: OpenBehind | undefined;
  const open = (): OpenBehind => {
    try {
      opened ??= openFor(where(), spaces, settings, behind, journal);
      return opened;
    } catch (error) {
      void journal?.close();
      throw error;
    }
  };
  if (when === 'now') open();
  // What a process before this one has left is saved also where nobody asks for anything.
  else setImmediate(open);
  return open;
}

function openFor(
  calls: ValueCalls,
  spaces: () => StrategySpace,
  settings: ThroughSettings,
  behind: BehindSettings,
  journal: Journal | undefined,
): OpenBehind {
  const parts = calls.strategyParts;
  const { name } = settings;
  const leave = parts.open.add(`${calls.prefix}${name}`, () => close());
  const strategy = new BehindStrategy(spaces, settings, behind, parts, (owner) => {
    const owned = {
      name: `${calls.prefix}${name}`,
      limits: behind.limits,
      save: (writes: readonly PendingWrite[]) => owner.save(writes),
      mayRetry: (error: unknown) => owner.mayRetry(error),
      giveUp: (write: PendingWrite, error: unknown, attempts: number) => owner.giveUp(write, error, attempts),
      failed: (writes: readonly PendingWrite[], error: unknown) => owner.failed(writes, error),
    };
    const { clock, keep } = parts;
    if (behind.queue === undefined) return new LocalQueue({ ...owned, clock, log: journal, keep });
    const reached = {
      ...owned,
      redis: redisLibrary,
      bull: bullLibrary,
      forget: (write: PendingWrite) => owner.forget(write),
      onFailure: (error: Error) => owner.tellFailure(error),
      warn: parts.warn,
    };
    return new DurableQueue(reached, { ...behind.queue, client: clientOf(behind.queue) });
  });
  const flush = (): Promise<void> => within(strategy.queue.flush(), behind.limits.closeTimeoutMs, parts.clock);
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= keepProcessFor(strategy.queue.close()).finally(() => {
      leave();
      forgetSignals();
    });
    return closing;
  };
  const onSignal = (isEnd: boolean): Promise<void> => (isEnd ? close() : flush());
  const forgetSignals = behind.flushOnSignal ? beforeExit(onSignal) : (): void => {};
  return { strategy, close };
}

/** @throws {@link ConfigError} for an address that is none, which shows no credentials */
function clientOf({ url }: QueueSettings): ClientOptions {
  try {
    return readAddress(url, {});
  } catch (error) {
    throw error instanceof ConfigError ? error.named('through.queue') : error;
  }
}

/** Ours if there is one, else the app's. */
async function bullLibrary(): Promise<BullLibrary> {
  try {
    return await loadBullLibrary();
  } catch {
    return (await importFromApp('bullmq')) as BullLibrary;
  }
}
