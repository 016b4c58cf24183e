import express, { type Express, type RequestHandler } from 'express';
import { makePayload, type Payload } from '../payload.js';
import { type Counters, sizeFromArguments } from './serve.js';

/** How the Express app of one candidate differs from that of the others. */
export interface AppOptions {
  /** Mounted in front of the one route with `app.use`. */
  middleware?: RequestHandler;
  /** @defaultValue false: the header costs 2–3 µs and says nothing about caches */
  poweredBy?: boolean;
}

/**
 * Makes the app that all Express candidates share: one route that sends an object from memory.
 *
 * No handler could be cheaper, so a cache that wins here wins everywhere.
 */
export function makeApp({ middleware, poweredBy = false }: AppOptions = {}): { app: Express; counters: Counters } {
  const payload = makePayload(sizeFromArguments());
  let handlerRuns = 0;
  const app = express();
  if (!poweredBy) app.disable('x-powered-by');
  if (middleware) app.use(middleware);
  app.get('/cities', (_req, res) => {
    handlerRuns++;
    res.json(payload);
  });
  return { app, counters: { handlerRuns: () => handlerRuns } };
}

/** Gets what a cache of values has under a key, else what the factory makes. */
export type GetOrSet = (key: string, factory: () => Payload) => Promise<Payload>;

/** Makes the app of the caches that keep values, not responses: the same route, and its handler asks the cache for the object. */
export function makeValueApp(getOrSet: GetOrSet): { app: Express; counters: Counters } {
  const payload = makePayload(sizeFromArguments());
  let handlerRuns = 0;
  const app = express();
  app.disable('x-powered-by');
  app.get('/cities', async (req, res) => {
    res.json(
      await getOrSet(req.originalUrl, () => {
        handlerRuns++;
        return payload;
      }),
    );
  });
  return { app, counters: { handlerRuns: () => handlerRuns } };
}
