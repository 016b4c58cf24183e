import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ejsFragments, fragments, nunjucksFragments } from '@viewcache/express';
import ejs from 'ejs';
import express, { type Express } from 'express';
import nunjucks from 'nunjucks';

/** What a template comes to, or the error that it ends in. */
async function rendered(app: Express, name: string): Promise<string> {
  app.use(fragments());
  return await new Promise((resolve) => {
    app.get('/', (_req, res) => {
      res.render(name, (error: Error | null, html: string) => {
        res.end();
        resolve(error === null ? html : error.message);
      });
    });
    const server = app.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      void fetch(`http://127.0.0.1:${port}/`).finally(() => server.close());
    });
  });
}

describe('templates that are wrong', () => {
  let views: string;
  beforeEach(async () => {
    views = await mkdtemp(join(tmpdir(), 'viewcache-views-'));
  });
  afterEach(() => rm(views, { recursive: true }));

  it('are told where EJS writes a fragment without waiting for it', async () => {
    await writeFile(join(views, 'page.ejs'), `<p><%- cache('a', 60, () => 'x') %></p>`);
    const app = express().set('views', views).engine('ejs', ejsFragments(ejs));
    expect(await rendered(app, 'page.ejs')).toMatch(/without waiting for it; use await: <%- await cache\(…\) %>/);
  });

  it.each([
    ['{% macro row() %}{% cache "a", ttl=60 %}x{% endcache %}{% endmacro %}{{ row() }}', /cannot stand in a macro/],
    [
      '{% macro row() %}x{% endmacro %}\n<p>{% cache "a", ttl=60 %}{{ row() }}{% endcache %}</p>',
      /^<p>x<\/p>|<p>x<\/p>$/,
    ],
  ])('are told where a macro of Nunjucks would lose a fragment: %s', async (template, said) => {
    await writeFile(join(views, 'page.njk'), template);
    const app = express();
    nunjucksFragments(nunjucks.configure(views, { express: app, noCache: true }));
    expect(await rendered(app, 'page.njk')).toMatch(said);
  });
});
