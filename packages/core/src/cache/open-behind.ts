import { warnOnce } from '../base/process-warning.js';
import type { BehindSettings } from '../config/behind-options.js';
import type { ThroughSettings } from '../config/through-options.js';
import { Journal } from '../stores/journal/journal.js';
import { within } from '../stores/within.js';
import { LocalQueue } from '../values/strategies/local-queue.js';
import { BehindStrategy } from './behind-strategy.js';
import { beforeExit } from './exit-signals.js';
import { keepProcessFor } from './keep-process.js';
import type { StrategySpace } from './strategy-space.js';
import type { ValueCalls } from './value-calls.js';

/** A strategy that writes behind, until it is closed. */
interface OpenBehind {
  readonly strategy: BehindStrategy;
  close(): Promise<void>;
}

/** When it is opened: for a cache at once; for whichever is the default one, when the modules being loaded have said which that is. */
export type OpenWhen = 'now' | 'soon';

/**
 * Opens a strategy that writes behind.
 *
 * @returns the strategy, which is opened at the latest now
 * @throws {@link ConfigError} where its journal cannot be had, or its name is taken
 */
export function openBehind(
  where: () => ValueCalls,
  spaces: () => StrategySpace,
  settings: ThroughSettings,
  behind: BehindSettings,
  when: OpenWhen,
): () => OpenBehind {
  const journal = behind.journal && Journal.open('through.journal', behind.journal, warnOnce);
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
    const { clock, keep } = parts;
    return new LocalQueue({
      name,
      limits: behind.limits,
      clock,
      log: journal,
      keep,
      save: (writes) => owner.save(writes),
      mayRetry: (error) => owner.mayRetry(error),
      giveUp: (write, error, attempts) => owner.giveUp(write, error, attempts),
      failed: (writes, error) => owner.failed(writes, error),
    });
  });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= keepProcessFor(strategy.queue.close()).finally(() => {
      leave();
      forgetSignals();
    });
    return closing;
  };
  const { closeTimeoutMs } = behind.limits;
  const onSignal = (isEnd: boolean): Promise<void> =>
    isEnd ? close() : within(strategy.queue.flush(), closeTimeoutMs, parts.clock);
  const forgetSignals = behind.flushOnSignal ? beforeExit(onSignal) : (): void => {};
  return { strategy, close };
}
