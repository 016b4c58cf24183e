import { fileURLToPath } from 'node:url';
import { cachePage, ejsFragments, fragments } from '@viewcache/express';
import ejs from 'ejs';
import express, { type Express } from 'express';

/** A page that shows a list of cities, in one way or another. */
export interface Row {
  readonly label: string;
  /** In front of the page. */
  readonly mounts: (app: Express) => unknown;
  readonly template: string;
}

/** Rows of the list, so fragments of the page that keeps each of them. */
export const CITIES = 50;

const cities = Array.from({ length: CITIES }, (_, id) => ({
  id,
  name: `City ${id}`,
  country: 'PT',
  population: 545_796 + id,
}));

const isOurs = (app: Express) => app.engine('ejs', ejsFragments(ejs)).use(fragments());

export const ROWS = {
  plain: { label: 'EJS alone', mounts: () => {}, template: 'plain' },
  awaited: { label: '`ejsFragments`, nothing kept', mounts: isOurs, template: 'awaited' },
  one: { label: 'the list is one fragment, `shared: true`', mounts: isOurs, template: 'one' },
  visitor: { label: 'the list is one fragment, `visitor: user.id`', mounts: isOurs, template: 'visitor' },
  each: { label: `\`cache.each\` of ${CITIES}`, mounts: isOurs, template: 'each' },
  many: { label: `${CITIES} × \`cache\`, one after another`, mounts: isOurs, template: 'many' },
  page: {
    label: '`cachePage`, the whole page for each visitor',
    mounts: (app) => app.use(cachePage({ ttl: '1h', key: (req) => Reflect.get(req, 'user').id })),
    template: 'plain',
  },
} satisfies Record<string, Row>;

export type RowName = keyof typeof ROWS;

/** The app of a row: each of its visitors is somebody. */
export function appOf({ mounts, template }: Row): Express {
  const app = express().disable('x-powered-by');
  app.set('views', fileURLToPath(new URL('../../views', import.meta.url)));
  app.set('view engine', 'ejs');
  app.use((req, _res, next) => {
    Object.assign(req, { user: { id: 'u1', name: 'Ada' } });
    next();
  });
  mounts(app);
  app.get('/', (req, res) => {
    res.render(template, { user: Reflect.get(req, 'user'), cities });
  });
  return app;
}
