import { describe, expect, it } from '@jest/globals';
import { cachePage } from '@viewcache/express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

describe.each(expresses)('X-Forwarded-Host and X-Forwarded-Proto, on %s', (_version, express) => {
  async function siteThatTrusts(trust: unknown) {
    let calls = 0;
    const cache = makeCache();
    const app = express();
    app.set('trust proxy', trust);
    app.get('/', cachePage({ ttl: 60, cache }), (req, res) => {
      calls++;
      res.send(`${req.protocol}://${req.hostname}`);
    });
    app.get(
      '/own',
      cachePage({ ttl: 60, cache }),
      (req, res) => void res.send(`${req.get('host')} as ${req.hostname}`),
    );
    app.put('/', cachePage({ ttl: 60, cache }), (_req, res) => void res.sendStatus(204));
    return { site: await serve(app), cache, calls: () => calls };
  }

  const host = 'own.example';
  const forwarded = { host, 'x-forwarded-host': 'shop.example', 'x-forwarded-proto': 'https' };

  it.each([false, '10.0.0.0/8', () => false])(
    'from a peer that is not trusted (%s) they say nothing',
    async (trust) => {
      const { site, calls } = await siteThatTrusts(trust);

      const poisoned = await site.get('/', forwarded);
      const plain = await site.get('/', { host });

      expect([poisoned.text, plain.text]).toEqual(['http://own.example', 'http://own.example']);
      expect([plain.isHit, calls()]).toEqual([true, 1]);
    },
  );

  it.each([true, 1, 'loopback', () => true])('from a trusted peer (%s) they are the target', async (trust) => {
    const { site } = await siteThatTrusts(trust);
    const variants = [
      forwarded,
      { host },
      { host, 'x-forwarded-proto': 'https' },
      { host, 'x-forwarded-host': 'shop.example' },
      { host, 'x-forwarded-host': 'other.example' },
    ];
    const expected = [
      'https://shop.example',
      'http://own.example',
      'https://own.example',
      'http://shop.example',
      'http://other.example',
    ];

    for (const isHit of [false, true]) {
      for (const [at, headers] of variants.entries()) {
        const reply = await site.get('/', headers);
        expect([reply.text, reply.isHit]).toEqual([expected[at], isHit]);
      }
    }
  });

  it('several hops: the first is the one that the client spoke to', async () => {
    const { site } = await siteThatTrusts(true);
    await site.get('/', { host, 'x-forwarded-host': 'shop.example', 'x-forwarded-proto': 'https' });

    const reply = await site.get('/', {
      host,
      'x-forwarded-host': 'shop.example, proxy.internal',
      'x-forwarded-proto': 'https, http',
    });

    expect([reply.text, reply.isHit]).toEqual(['https://shop.example', true]);
  });

  it('a trusted one names what an unsafe request invalidates', async () => {
    const { site } = await siteThatTrusts(true);
    const shop = { host, 'x-forwarded-host': 'shop.example' };
    await site.get('/', shop);
    await site.get('/', { host });

    await site.ask('/', { method: 'PUT', headers: shop });

    expect((await site.get('/', shop)).isHit).toBe(false);
    expect((await site.get('/', { host })).isHit).toBe(true);
  });

  it('Host itself is in the key as well: the handler may read it', async () => {
    const { site } = await siteThatTrusts(true);
    await site.get('/own', { host: 'evil.example', 'x-forwarded-host': 'shop.example' });

    const others = [
      { host: 'shop.example' },
      { host: 'shop.example', 'x-forwarded-host': 'shop.example' },
      { host, 'x-forwarded-host': 'shop.example' },
      { host, 'x-forwarded-host': 'shop.example' },
    ];
    const replies = [];
    for (const headers of others) replies.push(await site.get('/own', headers));

    expect(replies.map(({ text, isHit }) => [text, isHit])).toEqual([
      ['shop.example as shop.example', false],
      ['shop.example as shop.example', true],
      ['own.example as shop.example', false],
      ['own.example as shop.example', true],
    ]);
  });

  it('one whose first hop is empty is empty, as for Express', async () => {
    const { site } = await siteThatTrusts(true);
    await site.get('/', { host, 'x-forwarded-host': ', shop.example' });
    await site.get('/', { host, 'x-forwarded-proto': ', https' });

    expect((await site.get('/', { host })).text).toBe('http://own.example');
  });

  it('where only an app within the app trusts its peer, they select among its answers', async () => {
    const app = express();
    app.use(cachePage({ ttl: 60, cache: makeCache() }));
    const inner = express();
    inner.set('trust proxy', true);
    inner.get('/', (req, res) => void res.send(`${req.protocol}://${req.hostname}`));
    app.use('/shop', inner);
    const site = await serve(app);
    expect((await site.get('/shop', forwarded)).text).toBe('https://shop.example');

    expect((await site.get('/shop', { host })).text).toBe('http://own.example');
  });

  it('one that is empty or missing leaves Host', async () => {
    const { site } = await siteThatTrusts(true);
    await site.get('/', { host });

    expect((await site.get('/', { host, 'x-forwarded-host': '', 'x-forwarded-proto': '' })).isHit).toBe(true);
  });
});
