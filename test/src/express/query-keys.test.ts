import { describe, expect, it } from '@jest/globals';
import { cachePage } from '@viewcache/express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

describe.each(expresses)('the query in the key, on %s', (_version, express) => {
  async function siteThatPrints() {
    const app = express();
    app.set('query parser', 'extended');
    app.get(/.*/, cachePage({ ttl: 60, cache: makeCache() }), (req, res) => void res.json(req.query));
    const site = await serve(app);
    return { site, ask: async (path: string) => await site.get(path, { host: 'a' }) };
  }

  it.each([
    [['?q=a&q=b', '?q=ab', '?q=a,b', '?q=b&q=a', '?q=a%2Cb', '?q=a%26q=b']],
    [['?q', '?q=', '?q=%20', '']],
    [['?a=1&b=2', '?a=2&b=1', '?a=1b=2', '?b=2', '?a=1&b=2&a=3']],
    [['?a[]=1&a[]=2', '?a[]=2&a[]=1', '?a=1&a[]=2', '?a[x]=1', '?a[y]=1', '?a.x=1']],
    [['?q=A', '?q=a', '?Q=a']],
  ])('%j are different keys: each gets its own answer', async (queries) => {
    const { ask } = await siteThatPrints();
    const first = [];
    for (const query of queries) {
      const reply = await ask(`/${query}`);
      expect(reply.isHit).toBe(false);
      first.push(reply.text);
    }

    for (const [at, query] of queries.entries()) {
      const reply = await ask(`/${query}`);
      expect([reply.isHit, reply.text]).toEqual([true, first[at]]);
    }
  });

  it.each([
    ['?a=1&b=2', '?b=2&a=1'],
    ['?a=1&a=2&b=3', '?b=3&a=1&a=2'],
    ['?a=1&b=2&a=3', '?b=2&a=1&a=3'],
    ['', '?'],
    ['?a=1', '?a=1&'],
    ['?a=1&b=2', '?&b=2&&a=1'],
  ])('%j and %j are one key', async (some, other) => {
    const { ask } = await siteThatPrints();
    const first = await ask(`/${some}`);

    const second = await ask(`/${other}`);

    expect([second.isHit, second.text]).toEqual([true, first.text]);
  });

  it.each([
    ['a thousand parameters that are ignored', '_ga&'.repeat(1_000)],
    ['a thousand empty ones', '&'.repeat(1_000)],
  ])('with %s in front, past which parsers read no more, it is another key', async (_what, front) => {
    const { ask } = await siteThatPrints();
    await ask(`/?${front}id=2`);

    expect((await ask('/?id=2')).text).toBe('{"id":"2"}');
  });

  it('a target with a fragment, which is no target (RFC 9112 §3.2), is answered by the handler alone', async () => {
    const { ask } = await siteThatPrints();
    expect((await ask('/page?utm_source=1#&id=2')).text).toBe('{"utm_source":"1"}');
    expect((await ask('/page?utm_source=1#&id=2')).headers['cache-status']).toBe('viewcache; fwd=bypass');

    expect((await ask('/page?id=2')).text).toBe('{"id":"2"}');
  });

  it('is left as it came for the handler', async () => {
    const app = express();
    app.get('/', cachePage({ ttl: 60, cache: makeCache() }), (req, res) => void res.send(req.url));
    const site = await serve(app);

    expect((await site.get('/?b=2&a=1&utm_source=x')).text).toBe('/?b=2&a=1&utm_source=x');
  });

  it('paths are told apart by every character', async () => {
    const { site } = await siteThatPrints();
    const paths = ['/a', '/a/', '/A', '/%61', '/a;b', '//a', '/a/../a'];

    for (const path of paths) {
      const reply = await site.exchange(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      expect(reply).toMatch(/Cache-Status: viewcache; fwd=uri-miss/i);
    }
  });
});
