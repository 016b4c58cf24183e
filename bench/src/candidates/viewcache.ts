import type { Server } from 'node:http';
import * as core from '@viewcache/core';
import * as viewcache from '@viewcache/express';
import type { Express, RequestHandler } from 'express';

interface Api {
  createCache(options: { store: string }): { stats(): { entries: number } };
  cachePage(options: { ttl: number; cache: object; beforeMiddleware?: boolean }): RequestHandler;
  createServer(app: Express): Server;
}

export const { createCache, cachePage, createServer } = { ...core, ...viewcache } as unknown as Api;
