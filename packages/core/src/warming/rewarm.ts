import type { DroppedView } from './dropped-view.js';
import { knownServer } from './find-server.js';
import { Outcomes } from './outcomes.js';
import { Run } from './run-warming.js';
import { urlTask } from './tasks.js';
import { readWarmOptions } from './warm-options.js';
import type { WarmServer } from './warm-types.js';
import type { WarmingParts } from './warming-parts.js';

/**
 * Asks again for what was dropped, as it was asked for.
 *
 * Under no lease of its own: each process asks for what it has dropped itself, and where two have dropped the same, one of them
 * runs the handler (PROTOCOL 4.12).
 *
 * @throws (by rejection) what to do where no server is known
 */
export async function rewarm(parts: WarmingParts, views: readonly DroppedView[], signal: AbortSignal): Promise<void> {
  const tasks = views.map(({ origin, path, headers }) => urlTask(serverOf(origin), origin, path, headers));
  const outcomes = new Outcomes();
  const settings = readWarmOptions('rewarm');
  const run = new Run({ tasks, skipped: [], isCut: false }, settings, outcomes, parts.clock, undefined);
  const stopListening = parts.listen(outcomes.listener, outcomes.isUnderWay);
  try {
    await run.all(signal);
  } finally {
    stopListening();
  }
}

function serverOf(origin: string): WarmServer {
  const known = knownServer(origin);
  if (typeof known === 'object') return known;
  throw new Error(
    `what was invalidated is not asked for again: ${known}; serve the app by createServer(app), or say what to warm by cache.warmAfter(tags, urls, { origin, server })`,
  );
}
