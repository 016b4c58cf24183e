import { once } from 'node:events';
import { get, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type Cache, createCache } from '@viewcache/core';
import { cachePage, createServer } from '@viewcache/express';
import express from 'express';
import { BenchRedis } from './redis.js';

/** Tags that every entry of a stock carries, so that each of them is a tag with that many entries. */
export const GROUPS = 8;
/** Tags that are spread over the entries, one for each. */
const ITEMS = 1_000;

const CONNECTIONS = 64;
const SAMPLES = 20;
const HOST = 'bench.test';
const BODY = JSON.stringify({ text: '.'.repeat(180) });

/** So many stored responses with equal tags, in a Redis of their own. */
export class Stock {
  private constructor(
    readonly entries: number,
    readonly redis: BenchRedis,
    readonly fillSeconds: number,
    private readonly member: Member,
  ) {}

  /** Starts a Redis, and has a cache store what a handler answers to that many URLs. */
  static async fill(entries: number, redisCore: number | undefined): Promise<Stock> {
    const redis = await BenchRedis.start(redisCore);
    const member = await Member.join(redis);
    const begun = performance.now();
    await member.askForAll(entries);
    const seconds = (performance.now() - begun) / 1_000;
    const keys = await redis.keys();
    if (keys < entries) throw new Error(`Redis has ${keys} keys for ${entries} entries`);
    return new Stock(entries, redis, seconds, member);
  }

  get cache(): Cache {
    return this.member.cache;
  }

  /**
   * Times the first invalidation, and makes sure that it is one: a second cache on the same Redis answers from what is
   * stored before it, and from nothing that was stored once it is confirmed.
   *
   * @returns milliseconds until it was durable
   */
  async invalidateFirst(): Promise<number> {
    const other = await Member.join(this.redis);
    try {
      const step = this.entries / SAMPLES;
      const urls = Array.from({ length: SAMPLES }, (_, sample) => urlOf(Math.floor(sample * step)));
      for (const url of urls) await other.expect(url, /; *hit/);
      const ms = await timed(this.cache, groupTag(0));
      await this.cache.invalidate({ tags: groupTag(0) }, { confirm: 'all' });
      for (const url of urls) await other.expect(url, /; *fwd=/);
      return ms;
    } finally {
      await other.leave();
    }
  }

  async empty(): Promise<void> {
    await this.member.leave();
    this.redis.stop();
  }
}

/**
 * Invalidates one tag.
 *
 * @returns milliseconds until it was durable
 */
export async function timed(cache: Cache, tag: string): Promise<number> {
  const begun = performance.now();
  const { durable } = await cache.invalidate({ tags: tag });
  const ms = performance.now() - begun;
  if (!durable) throw new Error(`Redis did not hear that ${tag} is invalid`);
  return ms;
}

export function groupTag(number: number): string {
  return `group#${number % GROUPS}`;
}

export function itemTag(number: number): string {
  return `item#${number % ITEMS}`;
}

function urlOf(entry: number): string {
  return `/entries/${entry}`;
}

/** A cache with an Express app behind it, as one process of several would have it. */
class Member {
  private constructor(
    readonly cache: Cache,
    private readonly server: Server,
  ) {}

  static async join(redis: BenchRedis): Promise<Member> {
    const cache = createCache({ store: redis.url(0), deadline: '5s' });
    await cache.ready();
    const groups = Array.from({ length: GROUPS }, (_, number) => groupTag(number));
    const app = express().disable('x-powered-by');
    const tags = (req: { path: string }) => [...groups, itemTag(Number(req.path.split('/').at(-1)))];
    app.use(cachePage({ ttl: 3_600, cache, keyPrefix: 'entries', tags }));
    app.get('/entries/:entry', (_req, res) => void res.type('json').send(BODY));
    const server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Member(cache, server);
  }

  async askForAll(entries: number): Promise<void> {
    let next = 0;
    const ask = (): string | undefined => (next < entries ? urlOf(next++) : undefined);
    await Promise.all(Array.from({ length: Math.min(CONNECTIONS, entries) }, () => askInTurn(this.port, ask)));
  }

  /** Asks for a URL and makes sure of what `Cache-Status` says. */
  async expect(path: string, status: RegExp): Promise<void> {
    const request = get({ host: '127.0.0.1', port: this.port, path, agent: false, headers: { host: HOST } });
    const [response] = await once(request, 'response');
    response.resume();
    await once(response, 'end');
    const said = String(response.headers['cache-status']);
    if (!status.test(said)) throw new Error(`${path} was answered with Cache-Status: ${said}, not ${status}`);
  }

  async leave(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await this.cache.close();
  }

  private get port(): number {
    return (this.server.address() as AddressInfo).port;
  }
}

/** One connection that asks for the next URL when it has the answer to the last: far cheaper than a client of HTTP. */
function askInTurn(port: number, next: () => string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', ask).setEncoding('latin1');
    socket.on('data', (text: string) => {
      received += text;
      if (!received.endsWith(BODY)) return;
      if (received.startsWith('HTTP/1.1 200 ')) ask();
      else socket.destroy(new Error(`An entry was answered with ${received}`));
    });
    socket.once('error', reject);
    socket.once('close', () => resolve());

    function ask(): void {
      received = '';
      const url = next();
      if (url === undefined) socket.destroy();
      else socket.write(`GET ${url} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    }
  });
}
