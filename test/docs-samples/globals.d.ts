// What fragments of the documentation may use without saying where it comes from.

import type { EventEmitter } from 'node:events';
import type { Cache as ViewCache } from '@viewcache/core';
import type { Express as App, RequestHandler, Router } from 'express';

declare global {
  namespace Express {
    interface Request {
      user?: { id: string; role: string };
    }
  }

  const view: typeof import('@viewcache/core').view;
  const isRefresh: typeof import('@viewcache/core').isRefresh;
  const createCache: typeof import('@viewcache/core').createCache;
  const createCaches: typeof import('@viewcache/core').createCaches;
  const defaultCache: typeof import('@viewcache/core').defaultCache;
  const setDefaultCache: typeof import('@viewcache/core').setDefaultCache;
  const cachePage: typeof import('@viewcache/express').cachePage;
  const neverCache: typeof import('@viewcache/express').neverCache;
  const cacheControl: typeof import('@viewcache/express').cacheControl;
  const loader: typeof import('@viewcache/express').loader;
  const conditional: typeof import('@viewcache/express').conditional;
  const varyOn: typeof import('@viewcache/express').varyOn;
  const createServer: typeof import('@viewcache/express').createServer;
  const fromSitemap: typeof import('@viewcache/core').fromSitemap;
  const calls: typeof import('@viewcache/core').calls;
  const statsOf: import('@viewcache/core').Memoized<(country: string) => Promise<{ cities: number }>>;
  const server: import('node:http').Server;
  const urls: readonly string[];
  const watchTypeOrm: typeof import('@viewcache/orm/typeorm').watchTypeOrm;
  const dataSource: import('typeorm').DataSource;

  const express: typeof import('express').default;
  const app: App;
  const router: Router;
  const cache: ViewCache;
  const cities: typeof import('./cities.js').cities;
  const events: EventEmitter;
  const helmet: () => RequestHandler;
  const cookieParser: () => RequestHandler;
  const requireLogin: RequestHandler;
  const loadUser: RequestHandler;
  const versionOf: (id: string | undefined) => Promise<string>;
  const changeCity: RequestHandler;
  const show: RequestHandler;
  const showAccount: RequestHandler;
  const showCity: RequestHandler;
  const showHome: RequestHandler;
  const showPrices: RequestHandler;
  const search: RequestHandler;
  const id: number;
  const ids: readonly number[];
  const sessionId: string;
  const cart: { total: number };
  const users: {
    find(id: number): Promise<{ name: string }>;
    findMany(ids: readonly number[]): Promise<{ id: number; name: string }[]>;
    save(id: number, change: unknown): Promise<void>;
  };
  const offers: { findMany(sellerIds: readonly number[]): Promise<{ sellerId: number; price: number }[]> };
  const sendMail: (id: number) => Promise<void>;
  const database: {
    usersOf(ids: readonly number[]): Promise<{ id: number; name: string }[]>;
    viewsOf(page: string): Promise<number | undefined>;
    saveViews(rows: readonly { page: string; count: number; version: number }[]): Promise<void>;
  };
  const makeReport: () => Promise<{ total: number }>;
}
