import type { Cache } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import express from 'express';
import { type Site, serve } from '../support/site.js';
import type { Reads } from './driver.js';

/** The views of the scenarios, by the names that the table of scenarios has for them. */
export const VIEWS = {
  V1: '/users/1',
  V2: '/users/2',
  /** A user who is not there. */
  V9: '/users/9',
  VL: '/users',
  VP: '/posts',
  VC: '/posts/count',
  comments: '/comments',
  profiles: '/profiles',
  tags: '/posts/1/tags',
} as const;

export type ViewName = keyof typeof VIEWS;

/** An Express app that shows what a driver reads, and counts how often each view ran. */
export class ViewsSite {
  readonly runs = new Map<string, number>();
  readonly #site: Site;

  private constructor(site: Site, runs: Map<string, number>) {
    this.#site = site;
    this.runs = runs;
  }

  static async open(cache: Cache, reads: Reads): Promise<ViewsSite> {
    const runs = new Map<string, number>();
    const app = express();
    app.use(cachePage({ ttl: '5m', cache }));
    const show = (path: string, read: (id: number) => Promise<unknown>): void => {
      app.get(path, async (req, res) => {
        runs.set(req.path, (runs.get(req.path) ?? 0) + 1);
        res.json({ shown: (await read(Number(req.params['id']))) ?? null });
      });
    };
    show('/users', () => reads.users());
    show('/users/:id', (id) => reads.user(id));
    show('/posts', () => reads.posts());
    show('/posts/count', () => reads.postCount());
    show('/posts/:id/tags', (id) => reads.tagsOf(id));
    show('/comments', () => reads.comments());
    show('/profiles', () => reads.profiles());
    return new ViewsSite(await serve(app), runs);
  }

  async close(): Promise<void> {
    await this.#site.close();
  }

  async get(view: ViewName): Promise<unknown> {
    return JSON.parse((await this.#site.get(VIEWS[view])).text).shown;
  }

  /** Asks for each view; which of them ran their handler for it. */
  async ran(): Promise<ViewName[]> {
    const names = Object.keys(VIEWS) as ViewName[];
    const before = new Map(this.runs);
    for (const name of names) await this.get(name);
    return names.filter((name) => this.runs.get(VIEWS[name]) !== before.get(VIEWS[name]));
  }
}
