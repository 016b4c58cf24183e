import { describe, expect, it } from '@jest/globals';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import type { Express } from 'express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';
import { send } from './raw.js';

closeAfterEach();

describe.each(expresses)('parameter cloaking, on %s', (_version, express) => {
  /** What an attacker asks for, and what a visitor asks for who must not get it. */
  const cloaks = [
    ['/?utm_content=x;q=evil', '/'],
    ['/?utm_content=x;q=evil', '/?utm_content=y'],
    ['/?q=good&utm_content=x;q=evil', '/?q=good'],
    ['/?utm_content=x;q=evil&q=good', '/?q=good'],
    ['/?utm_content=x%3Bq=evil', '/'],
    ['/?utm_content=x%26q=evil', '/'],
    ['/?utm_content=1;&q=evil', '/'],
    ['/?utm_content;q=evil', '/'],
    ['/?a=1;q=evil', '/?a=1'],
    ['/?a=1;q=evil&b=2', '/?a=1&b=2'],
    ['/?q=evil&q=good', '/?q=good'],
    ['/?q=good&q=evil', '/?q=good'],
    ['/?q[]=evil', '/?q=good'],
    ['/?q%5B%5D=evil&q=good', '/?q=good'],
    ['/?q[0]=evil&q=good', '/?q=good'],
    ['/?[q]=evil&q=good', '/?q=good'],
    ['/?q%00=evil', '/?q=good'],
    ['/?Q=evil', '/'],
    ['/?q =evil', '/'],
    ['/?+q=evil', '/'],
    ['/?q=good#&q=evil', '/?q=good'],
    ['/?&&&q=evil', '/'],
    ['/?utm_a&q=evil', '/'],
    ['/?gclid=1?q=evil', '/'],
    ['/?__proto__[q]=evil', '/'],
    ['/?utm_content=%&q=evil', '/'],
    ['/?q=good&%75tm_a=1;q=evil', '/?q=good'],
  ] as const;

  it.each(cloaks)('%s leaves nothing behind at %s', async (attack, visit) => {
    for (const parser of ['simple', 'extended', lenient]) {
      const site = await siteOf((app) => {
        app.set('query parser', parser);
        app.use((req, res) => void res.send(`found ${JSON.stringify(req.query['q'])}`));
      });
      const truth = await site.get(`${visit}${visit.includes('?') ? '&' : '?'}fresh=1`);

      await send(site, attack);

      const { body } = await send(site, visit);
      expect(body).toBe(truth.text);
    }
  });

  it('more parameters than a parser reads do not push one out of sight that is in the key', async () => {
    for (const parser of ['simple', 'extended']) {
      const site = await siteOf((app) => {
        app.set('query parser', parser);
        app.use((req, res) => void res.send(`found ${req.query['q']}`));
      });

      for (const name of ['utm_', 'gclid', 'a']) {
        await send(site, `/?${`${name}&`.repeat(1_001)}q=good`);
        await send(site, `/?q=good&${`${name}&`.repeat(1_001)}`);
      }

      expect((await send(site, '/?q=good')).body).toBe('found good');
      expect((await send(site, `/?${'a&'.repeat(1_001)}q=good`)).body).not.toBe(
        (await send(site, `/?q=good&${'a&'.repeat(1_001)}`)).body,
      );
    }
  });

  it('an ignored parameter that the handler prints is the only thing of an attacker that others may see', async () => {
    const site = await siteOf((app) => app.use((req, res) => void res.send(`via ${req.query['utm_source']}`)), {
      ignoreQuery: [],
    });

    await send(site, '/?utm_source=evil');

    expect((await send(site, '/')).body).toBe('via undefined');
  });

  async function siteOf(mount: (app: Express) => unknown, options: Partial<CachePageOptions> = {}) {
    const app = express();
    mount(app);
    const handlers = app;
    const outer = express();
    outer.set('query parser', app.get('query parser'));
    outer.use(cachePage({ ttl: 60, cache: makeCache(), ...options }));
    outer.use(handlers);
    return await serve(outer);
  }
});

/** Takes a semicolon for a separator, as some parsers do; the first of a name counts. */
function lenient(query: string | null | undefined): Record<string, string> {
  const found: Record<string, string> = {};
  for (const pair of (query ?? '').split(/[&;]/)) {
    const [name = '', value = ''] = pair.split('=', 2).map((part) => safely(part));
    found[name] ??= value;
  }
  return found;
}

function safely(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
