import { once } from 'node:events';
import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
  Server,
} from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach } from '@jest/globals';
import { type Cache, type CacheOptions, createCache } from '@viewcache/core';

/** A response as it came off the wire: nothing decoded, nothing followed. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Name, value, name, value, in the sender's letter case. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly text: string;
  /** From the cache, by its own word (RFC 9211). */
  readonly isHit: boolean;
  /** Stored on the way, by the cache's own word. */
  readonly isStored: boolean;
}

/** What is asked of a {@link Site}. */
export interface Ask {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
}

/** Anything that answers requests: an Express app, of either version. */
type Listener = Parameters<typeof createServer>[1];

const sites = new Set<Site>();
const caches = new Set<Cache>();

/** A server on loopback, and a client that shows what went over the wire. */
export class Site {
  readonly port: number;
  readonly url: string;
  readonly #server;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });

  constructor(server: ReturnType<typeof createServer>) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    this.url = `http://127.0.0.1:${this.port}`;
  }

  /** GET, or what `ask` says. */
  async get(path: string, headers: OutgoingHttpHeaders = {}): Promise<Reply> {
    return await this.ask(path, { headers });
  }

  async ask(path: string, ask: Ask = {}): Promise<Reply> {
    const response = await this.open(path, ask);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return replyOf(response, Buffer.concat(chunks));
  }

  /** The response as soon as its head is there, for bodies that come in pieces. */
  async open(path: string, { method = 'GET', headers = {}, body }: Ask = {}): Promise<IncomingMessage> {
    const sent = request({ port: this.port, host: '127.0.0.1', path, method, headers, agent: this.#agent });
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return response;
  }

  /** A connection of one's own, to write and to break by hand. */
  async connect(): Promise<Socket> {
    const socket = connect(this.port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  }

  /** Sends these very bytes and returns all that comes back until the server closes. */
  async exchange(bytes: string): Promise<string> {
    const socket = await this.connect();
    socket.end(bytes);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString('latin1');
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** Serves on a free port of loopback; closed when the test ends. */
export async function serve(listener: Listener | Server): Promise<Site> {
  const server = listener instanceof Server ? listener : createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const site = new Site(server);
  sites.add(site);
  return site;
}

/** A cache of the test's own; closed when the test ends. */
export function makeCache(options: CacheOptions = {}, make: typeof createCache = createCache): Cache {
  const cache = make(options);
  caches.add(cache);
  return cache;
}

/** Closes what {@link serve} and {@link makeCache} opened, after each test of the file. */
export function closeAfterEach(): void {
  afterEach(async () => {
    const open = [...sites, ...caches];
    sites.clear();
    caches.clear();
    await Promise.all(open.map((it) => it.close()));
  });
}

/** The fields that differ between any two answers of one resource, or by how they were framed. */
const PASSING = new Set([
  ...['age', 'cache-status', 'date', 'connection', 'keep-alive', 'content-length', 'transfer-encoding'],
]);

/**
 * What of a response must be the same whoever asks, and whether from the handler or from the cache.
 *
 * @param original - the response it is compared with: where that has no entity tag, one that was made is left out
 */
export function lasting(reply: Reply, original: Reply = reply) {
  const isMade = original.headers.etag === undefined && reply.headers.etag?.startsWith('W/"') === true;
  const fields = Object.entries(reply.headers).filter(([name]) => !PASSING.has(name) && !(isMade && name === 'etag'));
  return { status: reply.status, headers: Object.fromEntries(fields), body: reply.body.toString('latin1') };
}

function replyOf({ statusCode = 0, headers, rawHeaders }: IncomingMessage, body: Buffer): Reply {
  const said = String(headers['cache-status'] ?? '');
  return {
    ...{ status: statusCode, headers, rawHeaders, body, text: body.toString() },
    isHit: /;\s*hit\b/.test(said),
    isStored: /;\s*stored\b/.test(said),
  };
}
