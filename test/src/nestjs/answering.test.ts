import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Header, HttpCode, Param, Query, Redirect, Res, StreamableFile } from '@nestjs/common';
import { CacheView } from '@viewcache/nestjs';
import { lasting } from '../support/site.js';
import { closeNestsAfterEach, nests, serveNest } from './nests.js';

/** What of a response both adapters have. */
interface AnyResponse {
  status(code: number): AnyResponse;
  header(name: string, value: string): AnyResponse;
  send(body: unknown): unknown;
}

let runs = 0;
let heads = 0;

@Controller()
@CacheView({ ttl: 300, statuses: [200, 202, 302, 404] })
class Pages {
  @Get('json') json() {
    return { run: ++runs };
  }
  @Get('text') text() {
    return `run ${++runs}`;
  }
  @Get('number') number() {
    return ++runs;
  }
  @Get('empty') empty() {
    runs++;
  }
  @Get('null') nothing() {
    runs++;
    return null;
  }
  @Get('cities/:id') city(@Param('id') id: string, @Query('lang') lang: string) {
    return { id, lang, run: ++runs };
  }
  @Get('header') @Header('X-Kind', 'page') @Header('Cache-Control', 'public, max-age=9') header() {
    return { run: ++runs };
  }
  @Get('made-header') @Header('X-Made', () => `at ${++heads}`) madeHeader() {
    return {};
  }
  @Get('code') @HttpCode(202) code() {
    return { run: ++runs };
  }
  @Get('redirect') @Redirect('/elsewhere', 302) redirect() {
    return { url: `/elsewhere/${++runs}` };
  }
  @Get('res') res(@Res() res: AnyResponse) {
    res.status(202).header('x-own', `${++runs}`).send({ run: runs });
  }
  @Get('passthrough') passthrough(@Res({ passthrough: true }) res: AnyResponse) {
    res.status(202).header('x-own', `${++runs}`);
    return { run: runs };
  }
  @Get('csv') csv(@Res({ passthrough: true }) res: AnyResponse) {
    res.header('content-type', 'text/csv');
    return `run,${++runs}`;
  }
  @Get('file') file() {
    const disposition = 'attachment; filename="run.bin"';
    return new StreamableFile(Buffer.from([++runs, 0, 255]), { type: 'application/x-run', disposition });
  }
  @Get('buffer') buffer() {
    return Buffer.from([++runs, 0, 255]);
  }
  @Get('response') response() {
    return new Response(`run ${++runs}`, { status: 202, headers: { 'content-type': 'text/x-run', 'x-own': 'a' } });
  }
  @Get('web-stream') webStream() {
    return new Response(`run ${++runs}`).body;
  }
  @Get('generator') async *generator() {
    runs++;
    yield 'a';
    yield `b${runs}`;
  }
  @Get('missing') missing(@Res({ passthrough: true }) res: AnyResponse) {
    res.status(404);
    return { run: ++runs };
  }
}

const paths = [
  ...[
    'json',
    'text',
    'number',
    'empty',
    'null',
    'cities/7?lang=en',
    'header',
    'made-header',
    'code',
    'redirect',
    'res',
  ],
  ...['passthrough', 'csv', 'file', 'buffer', 'response', 'web-stream', 'generator', 'missing'],
];

describe.each(nests)('@CacheView() on %s', (_name, make) => {
  closeNestsAfterEach();

  it.each(paths)('answers /%s with the bytes and fields of the first answer', async (path) => {
    const site = await serveNest(make, [Pages]);
    const first = await site.get(`/${path}`);
    const ran = runs;
    const second = await site.get(`/${path}`);
    expect(first.isHit).toBe(false);
    expect(second.isHit).toBe(true);
    expect(runs).toBe(ran);
    expect(lasting(second, first)).toEqual(lasting(first));
    expect(second.headers.age).toBe('0');
  });

  it('tells apart what has other parameters', async () => {
    const site = await serveNest(make, [Pages]);
    const texts = [];
    for (const path of ['/cities/7?lang=en', '/cities/8?lang=en', '/cities/7?lang=fr', '/cities/7?lang=en'])
      texts.push((await site.get(path)).text);
    expect(new Set(texts).size).toBe(3);
    expect(texts[3]).toBe(texts[0]);
  });
});
