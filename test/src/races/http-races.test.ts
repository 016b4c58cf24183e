import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { type InvalidationTarget, view } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import express, { type NextFunction, type Request, type Response } from 'express';
import fc from 'fast-check';
import { closeAfterEach, makeCache, serve } from '../support/site.js';
import { assertFor } from './internals.js';

/*
 * The races of engine-races.test.ts in small, through everything that stands between an app and the engine: tags that are
 * really declared before the read, after it, after the first piece of a stream and by the `tags` option, over HTTP.
 */

closeAfterEach();

const WAYS = ['before', 'after', 'late in a stream', 'option'] as const;
const TARGETS: readonly InvalidationTarget[] = [
  { tags: 'cities#1' },
  { key: 'one' },
  { url: '/cities/1' },
  { url: '/cities/1', queries: 'all' },
  { path: '/cities/*' },
  { all: true },
];

interface Plan {
  readonly way: (typeof WAYS)[number];
  readonly requests: number;
  readonly writes: readonly { readonly target: number; readonly isPurge: boolean; readonly isPost: boolean }[];
}

const plan: fc.Arbitrary<Plan> = fc.record({
  way: fc.constantFrom(...WAYS),
  requests: fc.integer({ min: 2, max: 4 }),
  writes: fc.array(
    fc.record({
      // Half of them by tag, which alone depends on how it was declared.
      target: fc.oneof(fc.constant(0), fc.nat(TARGETS.length - 1)),
      isPurge: fc.boolean(),
      isPost: fc.constantFrom(false, false, true),
    }),
    {
      minLength: 1,
      maxLength: 2,
    },
  ),
});

/** Somebody else goes on only when what the last one set free has gone over the wire, as far as it goes. */
const turns = fc.scheduler({
  act: async (run) => {
    await run();
    for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
  },
});

/** How the app is wrong, where it is: the races must tell. */
type Wrong = 'declares nothing' | 'invalidates before it commits';

async function race({ way, requests, writes }: Plan, scheduler: fc.Scheduler, agent: Agent, wrong?: Wrong) {
  const turn = (label: string) => scheduler.schedule(Promise.resolve(), label);
  const cache = makeCache();
  let committed = 0;
  let floor = 0;
  const stale: string[] = [];

  const commit = async (work: () => Promise<unknown> | unknown): Promise<void> => {
    if (wrong === 'invalidates before it commits') {
      await work();
      await turn('commit');
      floor = ++committed;
      return;
    }
    const version = ++committed;
    await turn('invalidate');
    await work();
    floor = Math.max(floor, version);
  };

  const app = express();
  const inTurn = async (req: Request, _res: Response, next: NextFunction) => {
    await turn(`${req.method} comes`);
    next();
  };
  const tags = way === 'option' ? { tags: ['cities#1'] } : {};
  const page = cachePage({ ttl: 60, cache, key: () => 'one', ...tags });
  app.all('/cities/1', inTurn, page);
  app.get('/cities/1', async (_req, res) => {
    const declares = (when: Plan['way']) => {
      if (way === when && wrong !== 'declares nothing') view().dependsOn('cities#1');
    };
    declares('before');
    await turn('handler reads');
    const read = committed;
    await turn('handler answers');
    declares('after');
    res.type('text');
    res.write(`${read}`);
    await turn('handler ends');
    declares('late in a stream');
    res.end();
  });
  app.post('/cities/1', async (_req, res) => {
    // The cached view itself invalidates the URL of a successful unsafe request (RFC 9111 §4.4).
    await commit(() => void res.writeHead(204));
    res.end();
  });
  const site = await serve(app);

  const ask = async (method: string): Promise<void> => {
    const sent = request({ port: site.port, host: '127.0.0.1', path: '/cities/1', method, agent });
    const known = floor;
    sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of response) text += chunk;
    // What was known when the client asked, which is no later than when the server heard of it.
    if (method === 'GET' && Number(text) < known) stale.push(`${text} though ${known} was invalidated before`);
  };
  const write = async ({ target, isPurge, isPost }: Plan['writes'][number]): Promise<void> => {
    await turn('write');
    if (isPost) return await ask('POST');
    const named = TARGETS[target] as InvalidationTarget;
    await commit(async () => await (isPurge ? cache.purge(named) : cache.invalidate(named)));
  };
  const come = async (): Promise<void> => {
    await turn('client asks');
    await ask('GET');
  };
  await scheduler.waitFor(Promise.all([...Array.from({ length: requests }, come), ...writes.map(write)]));
  await scheduler.waitFor(ask('GET'));
  await site.close();
  await cache.close();
  return stale;
}

describe('an Express app over HTTP', () => {
  const property = (agent: Agent, wrong?: Wrong) =>
    fc.asyncProperty(plan, turns, async (given, scheduler) => {
      expect(await race(given, scheduler, agent, wrong)).toEqual([]);
    });

  it('answers nothing older than what was invalidated before', async () => {
    const agent = new Agent({ keepAlive: true });
    await assertFor({ ms: 800, most: 100, soakMs: 20_000 }, property(agent));
    agent.destroy();
  });

  it.each<[Wrong]>([['declares nothing'], ['invalidates before it commits']])(
    'and the race tells of an app that %s',
    async (wrong) => {
      const agent = new Agent({ keepAlive: true });
      const found = await fc.check(property(agent, wrong), { seed: 1, numRuns: 300, endOnFailure: true });
      agent.destroy();
      expect(String(found.errorInstance)).toMatch(/was invalidated before/);
    },
    60_000,
  );
});
