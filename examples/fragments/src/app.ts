import { fileURLToPath } from 'node:url';
import { defaultCache } from '@viewcache/core';
import { ejsFragments, fragments } from '@viewcache/express';
import ejs from 'ejs';
import express, { type Express } from 'express';
import type { Cities } from './cities.js';

/**
 * Pages that greet their visitor, and are nobody else's; their parts are everybody's.
 *
 * @param rendered - told by the templates what is rendered
 */
export function makeApp(cities: Cities, rendered: (part: string) => void): Express {
  const app = express();
  app.set('views', fileURLToPath(new URL('../views', import.meta.url)));
  app.set('view engine', 'ejs');
  app.set('view cache', true);
  app.engine('ejs', ejsFragments(ejs));

  // What stands for a login.
  app.use((req, _res, next) => {
    Object.assign(req, { user: { id: String(req.query['user']), name: String(req.query['user']) } });
    next();
  });
  app.use(fragments());

  app.get('/:page', (req, res) => {
    res.render(req.params.page, { user: Reflect.get(req, 'user'), cities, rendered });
  });

  app.put('/cities/:id', express.json(), async (req, res) => {
    await cities.rename(Number(req.params.id), (req.body as { name: string }).name);
    await defaultCache().invalidate({ tags: `cities#${req.params.id}` });
    res.end();
  });
  return app;
}
