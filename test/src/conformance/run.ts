import type { CacheOptions } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import express from 'express';
import { setBaseUrl, setFetch } from 'http-cache-tests/client/config.mjs';
import { makeCacheTest, testResults } from 'http-cache-tests/client/test.mjs';
import suites from 'http-cache-tests/tests/index.mjs';
import surrogateControl from 'http-cache-tests/tests/surrogate-control.mjs';
import { makeCache, serve } from '../support/site.js';
import { send } from './client.js';
import { type Ending, mountOrigin } from './origin.js';

/** The suite's tests for shared caches: it has others for browsers. */
export const tests: readonly SuiteTest[] = [...suites, surrogateControl]
  .flatMap((suite) => suite.tests)
  .filter((test) => test.browser_only !== true);

/** What became of a test, in the words of the suite's own report. */
export type Outcome =
  | 'pass'
  | 'fail'
  /** What the test starts from did not come about. */
  | 'setup'
  /** A test that this one depends on does not pass. */
  | 'dependency';

/** How the suite is run. */
export interface Conditions {
  readonly ending: Ending;
  readonly options?: Omit<CachePageOptions, 'ttl' | 'cache'>;
  readonly store?: CacheOptions['store'];
  /** Whether `res.send` makes entity tags, which not every response of the suite is meant to have. @defaultValue true */
  readonly makesEtags?: boolean;
}

/** Runs the whole suite in this process, over loopback; time passes only where a test pauses. */
export async function runSuite({
  ending,
  options = {},
  store,
  makesEtags = true,
}: Conditions): Promise<Map<string, Outcome>> {
  const clock = new FakeClock();
  const cache = makeCache({ clock, ...(store === undefined ? {} : { store }) });
  const app = express();
  app.disable('x-powered-by');
  if (!makesEtags) app.disable('etag');
  mountOrigin(app, cachePage({ ttl: 'origin', cache, ...options }), clock, ending);
  app.use(((_error, _req, res, _next) => void res.status(500).end()) as express.ErrorRequestHandler);
  const site = await serve(app);
  setBaseUrl(site.url);
  setFetch(send);

  const pauses = new Pauses(clock, tests.length);
  const { setTimeout } = globalThis;
  // The suite pauses in real time; it may as well do so in the cache's. What a store waits for is real.
  globalThis.setTimeout = ((run: () => void, ms?: number) =>
    ms === PAUSE_MS ? pauses.wait(run) : setTimeout(run, ms)) as unknown as typeof setTimeout;
  try {
    // A copy: the suite writes into its tests while they run.
    await Promise.all(tests.map((test) => makeCacheTest(structuredClone(test)).finally(() => pauses.leave())));
    return new Map(tests.map((test) => [test.id, outcomeOf(test.id)]));
  } finally {
    globalThis.setTimeout = setTimeout;
    for (const id of Object.keys(testResults)) delete testResults[id];
  }
}

/** The pause of the suite, a little longer than the lifetimes of its responses. */
const PAUSE_MS = 3000;

/** Moves the clock once every test that still runs has paused, so that none is overtaken. */
class Pauses {
  readonly #clock: FakeClock;
  #running: number;
  #waiting: (() => void)[] = [];

  constructor(clock: FakeClock, running: number) {
    this.#clock = clock;
    this.#running = running;
  }

  wait(resume: () => void): void {
    this.#waiting.push(resume);
    void this.#moveOn();
  }

  leave(): void {
    this.#running--;
    void this.#moveOn();
  }

  async #moveOn(): Promise<void> {
    if (this.#waiting.length === 0 || this.#waiting.length < this.#running) return;
    const resumed = this.#waiting;
    this.#waiting = [];
    await this.#clock.advanceAsync(PAUSE_MS);
    for (const resume of resumed) resume();
  }
}

const byId = new Map(tests.map((test) => [test.id, test]));

function outcomeOf(id: string): Outcome {
  const result = testResults[id];
  for (const other of byId.get(id)?.depends_on ?? []) if (outcomeOf(other) !== 'pass') return 'dependency';
  if (result === true) return 'pass';
  return result?.[0] === 'Setup' ? 'setup' : 'fail';
}
