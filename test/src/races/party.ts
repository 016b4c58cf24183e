import { once } from 'node:events';
import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Cache, CacheOptions } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { type Gate, gate } from '../support/gate.js';
import { makeCache, type Site, serve } from '../support/site.js';

/** One run of the handler. */
export interface Run {
  /** Whose request it runs for. */
  readonly guest: string;
  /** 1 for the first run. */
  readonly number: number;
  readonly req: Request;
  readonly res: Response;
  readonly next: NextFunction;
}

export interface PartyPlan {
  readonly page?: Partial<CachePageOptions>;
  readonly cache?: CacheOptions;
  /** What stands in front of the cached view. */
  readonly front?: readonly RequestHandler[];
  handler(run: Run): unknown;
}

export interface Served {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Guests by name who all ask one cached view for the same, each over a connection of its own, and what becomes of them. */
export class Party {
  readonly clock = new FakeClock();
  readonly cache: Cache;
  /** Whose handler ran, in the order in which the runs began. */
  readonly runs: string[] = [];
  /** How many runs of others ended between a guest's coming and its being answered. */
  readonly runsWaitedFor = new Map<string, number>();
  #ended = 0;
  readonly #plan: PartyPlan;
  readonly #arrived = new Map<string, Gate>();
  readonly #left = new Map<string, Gate>();
  readonly #names = new WeakMap<IncomingMessage, string>();
  #site: Site | undefined;

  private constructor(plan: PartyPlan) {
    this.#plan = plan;
    this.cache = makeCache({ clock: this.clock, ...plan.cache });
  }

  static async open(plan: PartyPlan): Promise<Party> {
    const party = new Party(plan);
    party.#site = await serve(party.#app());
    return party;
  }

  /** Comes, and is served; to wait for {@link arrived} in between is up to the caller. */
  async ask(guest: string, ask: { method?: string; headers?: Record<string, string> } = {}): Promise<Served> {
    const sent = this.send(guest, ask);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return { status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString() };
  }

  /** Comes, and waits until the cached view has taken the request in. */
  async come(
    guest: string,
    ask: { method?: string; headers?: Record<string, string> } = {},
  ): Promise<Promise<Served>[]> {
    const served = this.ask(guest, ask);
    await this.arrived(guest);
    // In a list, or awaiting this would await the answer too.
    return [served];
  }

  /** As {@link come}, for many, in this order. */
  async comeAll(guests: readonly string[], headers: (guest: string) => Record<string, string> = () => ({})) {
    const served: Promise<Served>[] = [];
    for (const guest of guests) served.push(...(await this.come(guest, { headers: headers(guest) })));
    return served;
  }

  /** A request whose client may go at any time. */
  send(guest: string, { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {}) {
    const port = this.#site?.port;
    const sent: ClientRequest = request({ port, host: '127.0.0.1', path: '/', method, agent: false });
    sent.setHeader('x-guest', guest);
    for (const [name, value] of Object.entries(headers)) sent.setHeader(name, value);
    sent.end();
    return sent;
  }

  /** A client that asks and never reads what it is answered. */
  async stare(guest: string): Promise<Socket> {
    const socket = connect({ port: this.#site?.port ?? 0, host: '127.0.0.1' });
    socket.pause();
    await once(socket, 'connect');
    socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${this.#site?.port}\r\nX-Guest: ${guest}\r\n\r\n`);
    await this.arrived(guest);
    return socket;
  }

  arrived(guest: string): Promise<void> {
    return this.#gate(this.#arrived, guest).passed;
  }

  /** The server has seen the connection of this guest close. */
  left(guest: string): Promise<void> {
    return this.#gate(this.#left, guest).passed;
  }

  /** Goes away, and the server knows. */
  async leave(guest: string, sent: ClientRequest): Promise<void> {
    sent.on('error', () => {});
    sent.destroy();
    await this.left(guest);
  }

  #app() {
    const { page, front = [], handler } = this.#plan;
    const app = express();
    app.set('env', 'test');
    app.use((req, res, next) => {
      const guest = String(req.headers['x-guest']);
      this.#names.set(req, guest);
      res.once('close', () => this.#gate(this.#left, guest).open());
      this.#count(guest, res);
      next();
      this.#gate(this.#arrived, guest).open();
    });
    for (const middleware of front) app.use(middleware);
    app.get('/', cachePage({ ttl: 60, cache: this.cache, ...page }), (req, res, next) => {
      const guest = this.#names.get(req) ?? '';
      const number = this.runs.push(guest);
      return handler({ guest, number, req, res, next });
    });
    return app;
  }

  #count(guest: string, res: Response): void {
    const before = this.#ended;
    const { end } = res;
    res.end = ((...args: Parameters<typeof end>) => {
      this.runsWaitedFor.set(guest, this.#ended - before);
      if (this.runs.includes(guest)) this.#ended++;
      return end.apply(res, args);
    }) as typeof end;
  }

  #gate(gates: Map<string, Gate>, guest: string): Gate {
    let found = gates.get(guest);
    if (found === undefined) {
      found = gate();
      gates.set(guest, found);
    }
    return found;
  }
}

/** Names for so many guests. */
export const guests = (count: number, prefix = 'guest'): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
