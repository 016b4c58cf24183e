import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach } from '@jest/globals';
import { type Cache, type CacheEvent, type CacheOptions, createCache } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import { type FragmentsOptions, fragments } from '@viewcache/express';
import express, { type Express, type RequestHandler } from 'express';
import { makeCache, type Site, serve } from '../support/site.js';
import type { Kitchen } from './kitchens.js';

const folders: string[] = [];
afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true })));
});

/** A site whose pages have fragments, and what was rendered of them. */
export interface Table {
  readonly cache: Cache;
  readonly clock: FakeClock;
  readonly events: CacheEvent[];
  readonly site: Site;
  readonly views: string;
  /** What templates are given besides; may be changed between requests. */
  readonly locals: Record<string, unknown>;
  /** How often something was rendered. */
  count(name: string): number;
  /** The text of a page, or of the error in its place. */
  get(path: string, headers?: Record<string, string>): Promise<string>;
  warnings(): string[];
  /** Waits for whatever is being done behind answers. */
  settled(): Promise<void>;
}

/** How a site is laid. */
export interface Laid {
  readonly cache?: CacheOptions;
  readonly fragments?: Partial<FragmentsOptions>;
  /** In front of the fragments. */
  readonly front?: readonly RequestHandler[];
  /** Behind them. */
  readonly behind?: readonly RequestHandler[];
  readonly make?: typeof express;
  /** Adds routes of its own. */
  routes?(app: Express, locals: (of: object) => object, cache: Cache): void;
}

/** Who asks, by a field of the request; anonymous without it. */
export const login: RequestHandler = (req, _res, next) => {
  const name = req.get('x-who');
  if (name !== undefined) Object.assign(req, { user: { id: name.length, name } });
  next();
};

/** Serves the pages of a kitchen, each at its own name. */
export async function lay(kitchen: Kitchen, laid: Laid = {}): Promise<Table> {
  const views = await mkdtemp(join(tmpdir(), 'viewcache-fragments-'));
  folders.push(views);
  for (const [name, text] of Object.entries(kitchen.pages)) {
    const path = join(views, `${name}.${kitchen.extension}`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  const clock = new FakeClock(Date.now());
  const cache = laid.fragments?.cache ?? makeCache({ clock, deadline: '1m', ...laid.cache }, createCache);
  await cache.ready();
  const events: CacheEvent[] = [];
  cache.on((event) => events.push(event));
  const counts = new Map<string, number>();
  const locals: Record<string, unknown> = {
    text: '<&>',
    who: null,
    nickname: '',
    user: undefined,
    broken: { is: false },
    items: [],
    load: () => Promise.resolve('rows'),
    loaded: () => (locals['load'] as () => Promise<string>)(),
    fail: () => {
      throw new Error('broken');
    },
    made: (name: string) => {
      counts.set(name, (counts.get(name) ?? 0) + 1);
      return `${name}:${counts.get(name)}`;
    },
  };
  const app = (laid.make ?? express)();
  app.set('views', views);
  app.set('view engine', kitchen.extension);
  const options = { cache, ...laid.fragments };
  kitchen.install(app, views, options);
  for (const middleware of laid.front ?? []) app.use(middleware);
  app.use(fragments(options));
  for (const middleware of laid.behind ?? []) app.use(middleware);
  const localsOf = (req: object): object => ({
    ...locals,
    ...(Reflect.get(req, 'user') === undefined ? {} : { user: Reflect.get(req, 'user') }),
  });
  laid.routes?.(app, localsOf, cache);
  app.get('/:page', (req, res) => res.render(req.params.page, localsOf(req)));
  const failed: Parameters<Express['use']>[0] = ((
    error: Error,
    _req: unknown,
    res: { status(n: number): { send(text: string): void } },
    _next: unknown,
  ) => {
    res.status(500).send(error.message);
  }) as never;
  app.use(failed);
  const site = await serve(app);
  return {
    ...{ cache, clock, events, site, views, locals },
    count: (name) => counts.get(name) ?? 0,
    get: async (path, headers) => (await site.get(path, headers)).text,
    warnings: () => events.flatMap((event) => (event.type === 'warning' ? [event.message] : [])),
    settled: () => new Promise((resolve) => setImmediate(resolve)),
  };
}
