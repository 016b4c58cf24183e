import { view } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import express, { type Express } from 'express';

export const cities = new Map([['7', 'Lisbon']]);

/** An app as users write it: made once, when its module is loaded, and it names no cache. */
export const app: Express = express();
app.use(cachePage({ ttl: '5m', staleIfError: '1h' }));
app.get('/cities/:id', (req, res) => {
  const name = cities.get(req.params.id);
  view().dependsOn(`cities#${req.params.id}`);
  if (name === undefined) res.sendStatus(500);
  else res.json({ name });
});
app.get('/cart', (_req, res) => {
  res.set('Cache-Control', 'private').json([]);
});
