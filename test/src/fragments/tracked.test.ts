import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { expresses } from '../support/expresses.js';
import { closeAfterEach } from '../support/site.js';
import { watchedSource } from '../tracking/source.js';
import { kitchens } from './kitchens.js';
import { lay } from './table.js';

closeAfterEach();

/** A part that reads a row inside, in one around it that reads none. */
const reading: Readonly<Record<string, string>> = {
  EJS: `<%- await cache('around', {}, () => cache('row', {}, () => made('row') + read(1))) %>`,
  Eta: `<%~ await it.cache('around', {}, () => it.cache('row', {}, () => it.made('row') + it.read(1))) %>`,
  Nunjucks: `{% cache 'around' %}{% cache 'row' %}{{ made('row') }}{{ read(1) }}{% endcache %}{% endcache %}`,
  Handlebars: `{{#cache "around"}}{{#cache "row"}}{{made "row"}}{{read 1}}{{/cache}}{{/cache}}`,
  Pug: `+cache('around')\n  +cache('row')\n    = made('row') + read(1)`,
};

describe.each(kitchens)('a fragment in %s that reads a watched database', (name, kitchen) => {
  it('needs neither ttl nor tags, and is rendered anew with what is around it when the row is written', async () => {
    const { get, locals, cache, clock, warnings } = await lay({ ...kitchen, pages: { one: String(reading[name]) } });
    const users = watchedSource(cache);
    locals['read'] = (id: number) => users.read(id);
    expect(await get('/one')).toBe('row:1nobody');
    await clock.advance('30d');
    await users.write(2, 'Bob');
    expect(await get('/one')).toBe('row:1nobody');
    await users.write(1, 'Eve');
    expect(await get('/one')).toBe('row:2Eve');
    expect(await get('/one')).toBe('row:2Eve');
    expect(warnings()).toEqual([]);
    users.stop();
  });
});

describe.each(expresses)('%s', (_name, make) => {
  it.each(kitchens)('has fragments in %s', async (_engine, kitchen) => {
    const { get, count } = await lay(kitchen, { make });
    const first = await get('/page');
    expect(first).toBe('<main><p>outer:1 &lt;&amp;&gt; <i>inner:1</i></p></main>');
    expect([await get('/page'), count('outer')]).toEqual([first, 1]);
  });
});

describe('where templates are read once', () => {
  it('so are their sources: a template that changes is another one when the process begins anew', async () => {
    const [[, ejs]] = kitchens as [(typeof kitchens)[number]];
    const kitchen = {
      ...ejs,
      install(...[app, ...rest]: Parameters<typeof ejs.install>) {
        app.set('view cache', true);
        ejs.install(app, ...rest);
      },
    };
    const { get, views, cache } = await lay(kitchen);
    expect(await get('/hello')).toBe('hello:1 nobody');
    await writeFile(join(views, 'hello-part.ejs'), 'new');
    await cache.invalidate({ namespace: 'fragments' });
    expect(await get('/hello')).toBe('hello:2 nobody');
  });
});
