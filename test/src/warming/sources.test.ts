import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { ConfigError, fromAccessLog, fromSitemap, type WarmSource, WarmSourceError } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import express from 'express';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

const folder = mkdtempSync(join(tmpdir(), 'viewcache-warming-'));
afterAll(() => rmSync(folder, { recursive: true }));
const origin = 'http://www.example.com';

function fileOf(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const pages = (...urls: string[]) => `<urlset>${urls.map((url) => `<url><loc>${url}</loc></url>`).join('')}</urlset>`;
const indexOf = (...urls: string[]) =>
  `<sitemapindex>${urls.map((url) => `<sitemap><loc>${url}</loc></sitemap>`).join('')}</sitemapindex>`;

/** What collects all garbage, in a process that was started without it. */
function gcOf(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

function heapMb(gc: () => void): number {
  gc();
  return process.memoryUsage().heapUsed / 1e6;
}

async function all(source: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const each of source) found.push(each);
  return found;
}

describe('a sitemap', () => {
  it('is read from a text, a file, and a file that is packed', async () => {
    const xml = pages(`${origin}/a`, `${origin}/b`);
    const expected = [`${origin}/a`, `${origin}/b`];
    expect(await all(fromSitemap(xml))).toEqual(expected);
    expect(await all(fromSitemap(fileOf('plain.xml', xml)))).toEqual(expected);
    expect(await all(fromSitemap(pathToFileURL(fileOf('packed.xml.gz', gzipSync(xml)))))).toEqual(expected);
  });

  it('may be an index, of files in its own folder alone', async () => {
    fileOf('one.xml', pages('/1'));
    fileOf('two.xml.gz', gzipSync(pages('/2')));
    fileOf('deeper.xml', indexOf(`${origin}/one.xml`));
    const hostile = [`${origin}/../../etc/passwd%00`, 'file:///etc/%2e%2e', 'nonsense'];
    const index = indexOf(...hostile, `${origin}/sitemaps/one.xml`, `${origin}/two.xml.gz`, `${origin}/deeper.xml`);
    expect(await all(fromSitemap(fileOf('index.xml', index)))).toEqual(['/1', '/2']);
    await expect(all(fromSitemap(index))).rejects.toThrow(WarmSourceError);
  });

  it('may be a server’s, which leads nowhere else', async () => {
    const asked: string[] = [];
    const app = express();
    app.get('/index.xml', (req, res) => {
      const here = `http://${req.headers.host}`;
      res.send(indexOf('http://127.0.0.1:1/evil.xml', `${here}/one.xml`, `${here}/moved.xml`));
    });
    app.get('/one.xml', (_req, res) => void res.send(pages('/1')));
    app.get('/moved.xml', (_req, res) => void res.redirect('/secret.xml'));
    app.get('/secret.xml', (req, res) => {
      asked.push(req.url);
      res.send(pages('/secret'));
    });
    const { url } = await serve(app);
    const found: string[] = [];
    const reading = async () => {
      for await (const each of fromSitemap(`${url}/index.xml`)) found.push(each);
    };
    await expect(reading()).rejects.toThrow(WarmSourceError);
    expect({ found, asked }).toEqual({ found: ['/1'], asked: [] });
    await expect(all(fromSitemap(`${url}/none.xml`))).rejects.toThrow('answered with 404');
  });

  it('is asked for with the login of its URL, and so are those of an index, which nobody is told', async () => {
    const basic = `Basic ${Buffer.from('me@home:p%:w').toString('base64')}`;
    const app = express();
    app.use((req, res, go) => (req.headers.authorization === basic ? go() : res.sendStatus(401)));
    app.get('/index.xml', (req, res) => {
      const here = `http://${req.headers.host}`;
      res.send(indexOf(`${here}/one.xml`, `http://other:SECRET@${req.headers.host}/gone.xml?key=SECRET`));
    });
    app.get('/one.xml', (_req, res) => void res.send(pages('/1')));
    const { url } = await serve(app);
    const index = `${url.replace('://', '://me%40home:p%25%3aw@')}/index.xml`;
    const { problems, total } = await makeCache().warm(fromSitemap(index), { origin, server: express() });
    expect(total).toBe(1);
    expect(problems[0]).toMatchObject({ reason: 'unreadable', detail: expect.stringContaining('answered with 404') });
    expect(problems[0]?.what).toMatch(/^http:\/\/…@.*gone\.xml/);
    expect(problems[0]?.detail).toMatch(/^http:\/\/…@.*gone\.xml\?key=… could not/);
    const refused = fromSitemap(`${url.replace('://', '://me:SECRET@')}/index.xml?key=SECRET`);
    const error = await makeCache()
      .warm(refused, { origin, server: express() })
      .catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(/http:\/\/…@127\.0\.0\.1:\d+\/index\.xml\?key=… could not be read: .*401/);
    expect(inspect(error, { depth: 9 })).not.toContain('SECRET');
  });

  it('say why no server was reached', async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    await expect(all(fromSitemap(`http://127.0.0.1:${port}/sitemap.xml`))).rejects.toThrow(
      /sitemap\.xml could not be read: fetch failed \(ECONNREFUSED\)$/,
    );
  });

  it.each([
    'ftp://me:SECRET@shop.example/sitemap.xml',
    'http://',
    'file://elsewhere/sitemap.xml',
    new URL('data:text/xml,SECRET'),
  ])('is of no place that cannot be asked: %s', (place) => {
    expect(() => fromSitemap(place)).toThrow(ConfigError);
    expect(() => fromAccessLog(place)).toThrow(/^fromAccessLog: .*a path, a URL of file, or a stream/);
  });

  it('is read no further when the warming is ended, however many an index names', async () => {
    const stop = new AbortController();
    let asked = 0;
    const app = express();
    app.get('/index.xml', (req, res) => {
      res.send(indexOf(...Array.from({ length: 1_000 }, (_, i) => `http://${req.headers.host}/${i}.xml`)));
    });
    const isLeft = new Promise((resolve) => {
      app.use((req, _res) => {
        asked++;
        req.socket.once('close', resolve);
        stop.abort();
      });
    });
    const { url } = await serve(app);
    const options = { origin, server: express(), signal: stop.signal };
    expect(await makeCache().warm(fromSitemap(`${url}/index.xml`), options)).toMatchObject({ ended: 'aborted' });
    await isLeft;
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toBe(1);
  });

  it('is waited for no longer where three in a row have not come', async () => {
    const patience: AbortController[] = [];
    const timeout = jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
      patience.push(new AbortController());
      return (patience.at(-1) as AbortController).signal;
    });
    const asked: string[] = [];
    const app = express();
    app.get('/index.xml', (req, res) => {
      res.send(indexOf(...[1, 2, 3, 4, 5, 6, 7, 8].map((i) => `http://${req.headers.host}/${i}.xml`)));
    });
    app.get('/3.xml', (_req, res) => void res.send(pages('/3')));
    app.use((req) => {
      asked.push(req.url);
      patience.at(-1)?.abort(new DOMException('it is late', 'TimeoutError'));
    });
    const { url } = await serve(app);
    const { problems, total } = await makeCache().warm(fromSitemap(`${url}/index.xml`), { origin, server: express() });
    timeout.mockRestore();
    expect({ asked, total }).toEqual({ asked: ['/1', '/2', '/4', '/5', '/6'].map((path) => `${path}.xml`), total: 1 });
    expect(problems[5]).toMatchObject({
      what: `${url}/7.xml`,
      detail: 'it was not asked for, nor any behind it: 3 in a row have not come in time',
    });
    expect(problems.filter(({ reason }) => reason === 'unreadable')).toHaveLength(6);
  });

  it('that an index names and that cannot be read is skipped, and told', async () => {
    const asked: string[] = [];
    const app = express();
    app.use((req, res) => {
      asked.push(req.url);
      res.send('page');
    });
    fileOf('no-sitemap.xml', '<html></html>');
    fileOf('there.xml', pages('/there'));
    const missing = [`${origin}/gone.xml`, `${origin}/no-sitemap.xml`];
    const source = fromSitemap(fileOf('some.xml', indexOf(...missing, `${origin}/there.xml`)));
    const { problems, skipped, total } = await makeCache().warm(source, { origin, server: app });
    expect({ asked, skipped, total }).toEqual({ asked: ['/there'], skipped: 2, total: 1 });
    expect(problems.slice(0, 2)).toEqual([
      {
        what: missing[0],
        outcome: 'skipped',
        reason: 'unreadable',
        detail: expect.stringContaining('could not be read'),
      },
      { what: missing[1], outcome: 'skipped', reason: 'unreadable', detail: expect.stringContaining('is no sitemap') },
    ]);
    await expect(all(source)).rejects.toThrow('gone.xml');
    const none = fromSitemap(fileOf('none-of-these.xml', indexOf(...missing)));
    await expect(makeCache().warm(none, { origin, server: app })).rejects.toThrow(WarmSourceError);
  });

  it('is not kept for what is told of it', async () => {
    const gc = gcOf();
    const before = heapMb(gc);
    for (let i = 0; i < 10; i++) {
      const elsewhere = pages(`https://elsewhere.example/of/somebody/${i}`);
      fileOf(`large-${i}.xml`, `${elsewhere}${' '.repeat(4_000_000)}`);
    }
    const names = Array.from({ length: 10 }, (_, i) => `${origin}/large-${i}.xml`);
    const source = fromSitemap(fileOf('large.xml', indexOf(...names)));
    const { problems, skipped } = await makeCache().warm(source, { origin, server: express() });
    expect(skipped).toBe(10);
    // Of 40 MB that have been read.
    expect(heapMb(gc) - before).toBeLessThan(10);
    expect(problems).toHaveLength(10);
  });

  it('that unpacks to more than one may have is refused', async () => {
    const bomb = gzipSync(`${pages('/1')}${' '.repeat(51 * 1024 * 1024)}`);
    const reading = all(fromSitemap(fileOf('bomb.xml.gz', bomb)));
    await expect(reading).rejects.toThrow(/bomb\.xml\.gz could not be read/);
  });

  it('that is none, or is not there, makes the warming reject', async () => {
    const cache = makeCache();
    const options = { origin, server: express() };
    const warm = async (source: WarmSource) => await cache.warm(source, options).catch((error: unknown) => error);
    expect(await warm(fromSitemap(fileOf('page.html', '<html></html>')))).toBeInstanceOf(WarmSourceError);
    expect(await warm(fromSitemap(join(folder, 'none.xml')))).toMatchObject({ code: 'ERR_CACHE_WARM_SOURCE' });
    expect(() => fromSitemap('')).toThrow(ConfigError);
  });
});

describe('an access log', () => {
  const line = (url: string, status = 200) => `::1 - - [22/Nov/2026:17:40:47 +0000] "GET ${url} HTTP/1.1" ${status} 1`;
  const log = [
    ...['/b', '/a', '/c', '/a', 'http://evil.example/', '/b', '/a', '/\\x00'].map((url) => line(url)),
    ...['/gone', '/gone', '/gone', '/gone'].map((url) => line(url, 404)),
  ].join('\n');

  it('warms what was asked for most', async () => {
    const cache = makeCache();
    const app = express();
    const asked: string[] = [];
    app.use(cachePage({ ttl: '1h', cache }), (req, res) => {
      asked.push(req.url);
      res.send('page');
    });
    const path = fileOf('access.log', log);
    const options = { origin, server: app, concurrency: 1 };
    expect(await cache.warm(fromAccessLog(path, { top: 2 }), options)).toMatchObject({ stored: 2 });
    expect(asked).toEqual(['/a', '/b']);
    const packed = pathToFileURL(fileOf('access.log.gz', gzipSync(log)));
    expect(await cache.warm(fromAccessLog(String(packed), { top: 1 }), options)).toMatchObject({ hits: 1 });
    const all = await cache.warm(fromAccessLog(packed), options);
    expect(all).toMatchObject({ hits: 2, stored: 1, skipped: 2 });
  });

  it('may be a stream, in pieces of any length, with lines of any length', async () => {
    const pieces = [...`${line('/a')}\n${'x'.repeat(200_000)}\n${line('/é')}\n${line('/a')}`].join('');
    const bytes = Buffer.from(pieces);
    const chunks = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) => bytes.subarray(i * 7, i * 7 + 7));
    expect(await all(fromAccessLog(Readable.from(chunks)))).toEqual(['/a', '/é']);
  });

  it('leaves nothing of itself in memory but the URLs that are counted', async () => {
    const gc = gcOf();
    const piece = `${line('/often')}\n`.repeat(1_000);
    let heldMb = 0;
    async function* chunks() {
      const before = heapMb(gc);
      for (let i = 0; i < 500; i++) yield Buffer.from(`${line(`/products/of/somebody/${i}`)}\n${piece}`);
      heldMb = heapMb(gc) - before;
    }
    expect(await all(fromAccessLog(chunks(), { top: 2 }))).toEqual(['/often', '/products/of/somebody/0']);
    // Of 36 MB that have been read.
    expect(heldMb).toBeLessThan(10);
  });

  it('says nothing in what is left of a line that is too long', async () => {
    const long = `${'x'.repeat(100_000)}\r${line('/made-up')}`;
    const bytes = Buffer.from(`${long}\n${line('/a')}\n${long}`);
    const chunks = Array.from({ length: Math.ceil(bytes.length / 1_000) }, (_, i) =>
      bytes.subarray(i * 1_000, i * 1_000 + 1_000),
    );
    expect(await all(fromAccessLog(Readable.from([bytes])))).toEqual(['/a']);
    expect(await all(fromAccessLog(Readable.from(chunks)))).toEqual(['/a']);
  });

  it('has warming ask for nothing that a User-Agent says, and from no address that anybody lets in', async () => {
    const app = express();
    const ran: string[] = [];
    app.use('/internal', (req, res, next) => {
      if (/^(::ffff:)?(127|10|192\.168)\./.test(req.ip ?? '') || req.ip === req.socket.localAddress) next();
      else res.sendStatus(403);
    });
    app.use((req, res) => {
      ran.push(req.url);
      res.send('done');
    });
    const agent = 'GET /internal/flush HTTP/1.1" 200';
    const written = `203.0.113.9 - - [22/Nov/2026:18:00:00 +0000] "GET /none HTTP/1.1" 404 9 "-" "${agent}"\n`;
    const options = { origin, server: app };
    expect(await makeCache().warm(fromAccessLog(Readable.from([written])), options)).toMatchObject({ total: 0 });
    const { problems } = await makeCache().warm(['/internal/flush'], options);
    expect({ problems, ran }).toMatchObject({ problems: [{ reason: 'no-view' }], ran: [] });
    for (const trust of [true, 1, 'loopback']) {
      app.set('trust proxy', trust);
      await makeCache().warm(['/internal/flush'], options);
    }
    expect(ran).toEqual([]);
  });

  it('of which no line is of a known format makes the warming reject, and is shown', async () => {
    const options = { origin, server: express() };
    const first = `22 Nov 17:40:47 \x1b[31mGET /cities/7 200 in 5 ms ${'x'.repeat(200)}`;
    const path = fileOf('own.log', `\n${first}\n22 Nov 17:40:48 GET /cities/8 200\n`);
    const error = await makeCache()
      .warm(fromAccessLog(path), options)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WarmSourceError);
    const said = String(error);
    expect(said).toMatch(
      /own\.log is in no format that is known: .*common.*combined.*JSON.*; the first of 2 is '22 Nov/,
    );
    expect({ isCut: said.endsWith("xxx…'"), isPrintable: !/\p{Cc}/u.test(said) }).toEqual({
      ...{ isCut: true, isPrintable: true },
    });
    const odd = Readable.from(['22 Nov GET /reset?token=SECRET&x 200\n']);
    await expect(makeCache().warm(fromAccessLog(odd), options)).rejects.toThrow(`'22 Nov GET /reset?token=…&… 200'`);
    const stream = fromAccessLog(Readable.from(['{"time":1,"msg":"started"}\n', 'listening on 3000\n']));
    await expect(makeCache().warm(stream, options)).rejects.toThrow('the access log is in no format that is known');
  });

  it.each([
    ['nothing', ''],
    ['blank lines', '\n \n'],
    ['POSTs', line('/a').replace('GET', 'POST')],
    ['requests that were none', '::1 - - [22/Nov/2026:17:40:47 +0000] "-" 408 0 "-" "-"'],
    ['errors in JSON', '{"method":"GET","url":"/a","status":500}'],
    ['one line that is known', `started\n${line('/a', 404)}\nlistening`],
  ])('of %s is read, and nothing asked for', async (_what, text) => {
    const result = await makeCache().warm(fromAccessLog(Readable.from([text])), { origin, server: express() });
    expect(result).toMatchObject({ total: 0, ended: 'done' });
  });

  it('is read no further when the warming is ended', async () => {
    const stop = new AbortController();
    const options = { origin, server: express(), signal: stop.signal };
    const stream = new Readable({
      read() {
        stop.abort();
      },
    });
    const isClosed = new Promise((resolve) => stream.once('close', resolve));
    expect(await makeCache().warm(fromAccessLog(stream), options)).toMatchObject({ ended: 'aborted' });
    await isClosed;
    expect(stream.destroyed).toBe(true);
  });

  it('has its file closed when the warming is ended', async () => {
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const isReading = () => process.getActiveResourcesInfo().includes('FSReqCallback');
    const cache = makeCache();
    // A file without an end.
    const result = cache.warm(fromAccessLog('/dev/zero'), { origin, server: express() });
    while (!isReading()) await turn();
    await cache.close();
    expect(await result).toMatchObject({ ended: 'aborted' });
    for (let quiet = 0; quiet < 50; quiet = isReading() ? 0 : quiet + 1) await turn();
  });

  it('that cannot be read makes the warming reject; wrong options throw at once', async () => {
    await expect(all(fromAccessLog(join(folder, 'none.log')))).rejects.toThrow(WarmSourceError);
    expect(() => fromAccessLog(7 as never)).toThrow(ConfigError);
    expect(() => fromAccessLog('a', { top: 0 })).toThrow('fromAccessLog.top');
    expect(() => fromAccessLog('a', { most: 1 } as never)).toThrow('fromAccessLog.most');
  });
});
