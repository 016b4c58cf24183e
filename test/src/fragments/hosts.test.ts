import { describe, expect, it } from '@jest/globals';
import { expresses } from '../support/expresses.js';
import { closeAfterEach } from '../support/site.js';
import { kitchens } from './kitchens.js';
import { type Laid, lay, type Table } from './table.js';

closeAfterEach();

const [[, ejs]] = kitchens as [(typeof kitchens)[number]];

/** A page with a link to its own site in a fragment, which each engine has from its handler. */
async function layLinks(laid: Laid = {}, options = 'shared: true', trusts = false): Promise<Table> {
  const pages = { one: `<%- await cache('link', { ttl: 60, ${options} }, () => made('link') + ' ' + base) %>` };
  return await lay(
    { ...ejs, pages },
    {
      ...laid,
      routes(app, locals) {
        if (trusts) app.set('trust proxy', true);
        app.get('/one', (req, res) => {
          res.render('one', { ...locals(req), base: `${req.protocol}://${req.hostname} by ${req.get('host')}` });
        });
      },
    },
  );
}

const by = (host: string) => ({ host });

describe.each(expresses)('a fragment of an app of %s', (_name, make) => {
  it.each(['shared: true', 'visitor: 7', 'visitor: null'])(
    'is not shown to those who ask by another host: %s',
    async (options) => {
      const { get } = await layLinks({ make }, options);
      expect(await get('/one', by('evil.example'))).toBe('link:1 http://evil.example by evil.example');
      expect(await get('/one', by('shop.example'))).toBe('link:2 http://shop.example by shop.example');
      // Found, by either; a host has no case.
      expect(await get('/one', by('evil.example'))).toBe('link:1 http://evil.example by evil.example');
      expect(await get('/one', by('Shop.Example'))).toBe('link:2 http://shop.example by shop.example');
      expect(await get('/one', by('shop.example:8080'))).toMatch(/^link:3 /);
    },
  );

  it('is told apart by what a proxy forwards, where that is trusted, and by no other', async () => {
    const by = (host: string, scheme: string) => ({
      ...{ host: 'inside', 'x-forwarded-host': host, 'x-forwarded-proto': scheme },
    });
    const trusting = await layLinks({ make }, 'shared: true', true);
    expect(await trusting.get('/one', by('a.example', 'https'))).toMatch(/^link:1 https:/);
    expect(await trusting.get('/one', by('a.example', 'http'))).toMatch(/^link:2 http:/);
    expect(await trusting.get('/one', by('b.example', 'https'))).toMatch(/^link:3 /);
    expect(await trusting.get('/one', by('a.example', 'https'))).toMatch(/^link:1 /);
    // It may have been asked for itself, as `req.get('host')`.
    expect(await trusting.get('/one', { ...by('a.example', 'https'), host: 'evil.example' })).toMatch(/^link:4 /);
    const plain = await layLinks({ make });
    expect(await plain.get('/one', by('a.example', 'https'))).toMatch(/^link:1 http:/);
    expect(await plain.get('/one', by('b.example', 'http'))).toMatch(/^link:1 /);
  });
});

describe('fragments of many hosts', () => {
  it('are invalidated by their name, and by their host behind it', async () => {
    const { get, cache } = await layLinks();
    const both = async () => [await get('/one', by('a.example')), await get('/one', by('b.example'))];
    const numbers = async () => (await both()).map((html) => html.split(' ')[0]);
    expect(await numbers()).toEqual(['link:1', 'link:2']);
    await cache.invalidate({ keys: 'fragments:link:*' });
    expect(await numbers()).toEqual(['link:3', 'link:4']);
    await cache.invalidate({ keys: 'fragments:link:http://a.example:*' });
    expect(await numbers()).toEqual(['link:5', 'link:4']);
  });

  it.each(['a:b:c:d', 'a.example@b', 'a.example:80:80', `${'a'.repeat(300)}.example`, '[::1]', ''])(
    'are told apart by one that is no name: %j',
    async (host) => {
      const { get } = await layLinks();
      const first = await get('/one', by(host));
      expect(await get('/one', by('a.example'))).toMatch(/^link:2 /);
      expect(await get('/one', by(host))).toBe(first);
    },
  );

  it('are one where ignoreHost says that they are the same', async () => {
    const { get } = await layLinks({ fragments: { ignoreHost: true } });
    expect(await get('/one', by('a.example'))).toMatch(/^link:1 /);
    expect(await get('/one', by('b.example'))).toMatch(/^link:1 /);
  });
});
