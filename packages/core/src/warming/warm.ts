import { isCalls } from './calls.js';
import type { OneAtATime } from './one-at-a-time.js';
import { Outcomes } from './outcomes.js';
import { ending } from './pace.js';
import { hasOnlooker, progressBar } from './progress-bar.js';
import { Run } from './run-warming.js';
import { readTasks } from './tasks.js';
import { isBehind } from './warm-behind.js';
import { nameOfSource } from './warm-name.js';
import { readWarmOptions } from './warm-options.js';
import type { WarmOptions, WarmResult, WarmSource } from './warm-types.js';
import { problemOf } from './warm-words.js';
import type { WarmingParts } from './warming-parts.js';

const NOTHING: WarmResult = {
  ...{ total: 0, done: 0, hits: 0, stored: 0, refused: 0, failed: 0, skipped: 0 },
  ...{ ended: 'elsewhere', isCut: false, problems: [] },
};

const LEFT = 'nothing was asked for: it is warmed elsewhere, or has just been';

/**
 * Warms a cache.
 *
 * @param stop - is aborted when it is to end, for whatever reason
 * @param isWithin - it is asked for by what is warmed
 */
export async function warm(
  parts: WarmingParts,
  turns: OneAtATime,
  source: WarmSource,
  options: WarmOptions | undefined,
  stop: AbortController,
  isWithin: boolean,
): Promise<WarmResult> {
  const settings = readWarmOptions('warm', options);
  const { signal } = stop;
  const abort = (): void => stop.abort();
  if (settings.signal?.aborted === true) abort();
  settings.signal?.addEventListener('abort', abort);
  const outcomes = new Outcomes();
  let isLost = false;
  try {
    const aborted = ending(signal);
    // Neither a source that does not go on nor a store that does not answer keeps anybody from ending it.
    const tasks = await Promise.race([readTasks(source, settings, signal), aborted]);
    await Promise.race([parts.ready(), aborted]);
    if (tasks === undefined || signal.aborted) return { ...NOTHING, ended: 'aborted' };
    const line = settings.name ?? (isCalls(source) ? 'calls' : 'urls');
    const name = settings.name ?? nameOfSource(source, settings, tasks.digest);
    const { digest } = tasks;
    const held = await turns.enter({ line, name, digest, waits: settings.waits, isWithin }, signal, () => {
      isLost = true;
      stop.abort();
    });
    const terminal = settings.onProgress === undefined && hasOnlooker(process.stderr) ? process.stderr : undefined;
    if (held === undefined) {
      const left: WarmResult = { ...NOTHING, ended: signal.aborted ? 'aborted' : 'elsewhere' };
      if (left.ended === 'elsewhere' && !isBehind(options)) terminal?.write(`warming ${line}: ${LEFT}\n`);
      return left;
    }
    const bar = terminal === undefined ? undefined : progressBar(terminal, parts.clock, line);
    const run = new Run(tasks, settings, outcomes, parts.clock, bar?.show ?? settings.onProgress);
    const stopListening = parts.listen(outcomes.listener, outcomes.isUnderWay);
    try {
      await run.all(signal);
    } finally {
      stopListening();
      bar?.end();
      await held.leave(!signal.aborted);
    }
    const ended = isLost ? 'elsewhere' : signal.aborted ? 'aborted' : 'done';
    const result: WarmResult = { ...run.progress, ended, isCut: tasks.isCut, problems: run.problems };
    const problem = problemOf(result);
    if (problem !== undefined && !isBehind(options)) terminal?.write(`warming ${line}: ${problem}\n`);
    return result;
  } finally {
    settings.signal?.removeEventListener('abort', abort);
  }
}
