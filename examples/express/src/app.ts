import { createHash, timingSafeEqual } from 'node:crypto';
import { defaultCache } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import express, { type Express, type RequestHandler, type Response } from 'express';
import type { CityDirectory, CityEdit } from './city-directory.js';

export interface AppOptions {
  readonly directory: CityDirectory;
  /** Who sends it as a bearer token may edit cities. */
  readonly adminToken: string;
  /** Called for every request that the cache did not answer. */
  readonly onHandler: () => void;
}

/** The city directory as an Express app. One line of it is about caching, and it is marked: ①. The other, ②, is in `main.ts`. */
export function createApp({ directory, adminToken, onHandler }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');

  // A route in front of the cache is never cached.
  app.get('/cache/stats', (_req, res) => {
    res.json(defaultCache().stats());
  });

  // ① Every GET below is computed once and then answered from the cache, for 300 seconds.
  app.use(cachePage(300));

  app.use((_req, _res, next) => {
    onHandler(); // only what the cache did not answer comes by here
    next();
  });

  app.get('/', (_req, res) => {
    res.json({ name: 'City directory', data: 'GeoNames, CC BY 4.0, https://www.geonames.org' });
  });

  // No view says what it depends on: ② in `main.ts` sees which rows and tables the queries of each of them read.

  app.get('/cities', async (req, res) => {
    const prefix = req.query['q'];
    if (typeof prefix !== 'string' || prefix === '')
      return refuse(res, 400, 'q must be the beginning of a name, as in /cities?q=par');
    res.json(await directory.search(prefix));
  });

  app.get('/cities/:id', async (req, res) => {
    const id = Number(req.params.id);
    const city = Number.isSafeInteger(id) ? await directory.find(id) : null;
    if (!city) return refuse(res, 404, 'no such city'); // not stored: only a 200 is, unless `statuses` says more
    res.json(city);
  });

  app.get('/countries/:code/top', async (req, res) => {
    const code = req.params.code.toUpperCase();
    const cities = await directory.top(code);
    if (cities.length === 0) return refuse(res, 404, 'no such country');
    res.json(cities);
  });

  app.get('/countries/:code/stats', async (req, res) => {
    const code = req.params.code.toUpperCase();
    const statistics = await directory.statistics(code);
    if (!statistics) return refuse(res, 404, 'no such country');
    res.json(statistics);
  });

  app.get('/nearest', async (req, res) => {
    const lat = coordinate(req.query['lat'], 90);
    const lon = coordinate(req.query['lon'], 180);
    if (lat === undefined || lon === undefined)
      return refuse(res, 400, 'lat and lon must be degrees, as in /nearest?lat=48.85&lon=2.35');
    res.json(await directory.nearest(lat, lon));
  });

  app.put('/admin/cities/:id', requireToken(adminToken), express.json(), async (req, res) => {
    const changes = parseEdit(req.body);
    if (!changes) return refuse(res, 400, 'send {"population": 2200000}, {"name": "…"} or both');
    // It resolves when the commit has dropped what showed the city: whoever asks from here on sees the new one.
    const city = await directory.edit(Number(req.params['id']), changes);
    if (!city) return refuse(res, 404, 'no such city');
    res.json(city);
  });

  return app;
}

function refuse(res: Response, status: number, error: string): void {
  res.status(status).json({ error });
}

function requireToken(token: string): RequestHandler {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const expected = digest(`Bearer ${token}`);
  return (req, res, next) => {
    // Digests have one length, and comparing them takes the same time wherever they differ.
    if (timingSafeEqual(digest(req.get('authorization') ?? ''), expected)) next();
    else refuse(res.set('WWW-Authenticate', 'Bearer'), 401, 'the admin token is missing or wrong');
  };
}

function coordinate(value: unknown, limit: number): number | undefined {
  const degrees = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
  return Math.abs(degrees) <= limit ? degrees : undefined;
}

/** The body of an edit when it is a valid one. */
function parseEdit(body: unknown): CityEdit | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { name, population } = body as Record<string, unknown>;
  if (name === undefined && population === undefined) return undefined;
  const edit: CityEdit = {};
  if (name !== undefined) {
    if (typeof name !== 'string' || name.trim() === '') return undefined;
    edit.name = name.trim();
  }
  if (population !== undefined) {
    if (!Number.isSafeInteger(population) || Number(population) < 0) return undefined;
    edit.population = Number(population);
  }
  return edit;
}
