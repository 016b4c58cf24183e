import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { canBeReborn, makeNewborn } from './newborn.js';

type Exchange = { req: IncomingMessage; res: ServerResponse; socket: Socket };

let server: Server | undefined;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  if (server !== undefined) await once(server, 'close');
  server = undefined;
});

/** Serves `answer`; hands over each exchange once its response has closed. */
async function serve(answer: (req: IncomingMessage, res: ServerResponse) => void): Promise<() => Promise<Exchange>> {
  const answered: ((exchange: Exchange) => void)[] = [];
  server = createServer((req, res) => {
    const { socket } = req;
    res.once('close', () => setImmediate(() => answered.shift()?.({ req, res, socket })));
    answer(req, res);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return async () => {
    const closed = new Promise<Exchange>((resolve) => answered.push(resolve));
    expect(await get()).toBe('old');
    return await closed;
  };
}

async function get(): Promise<string> {
  const sent = request({ port: (server?.address() as AddressInfo | undefined)?.port, host: '127.0.0.1', agent }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response) body += chunk;
  return body;
}

const old = (_req: IncomingMessage, res: ServerResponse): void => {
  res.statusCode = 203;
  res.setHeader('x-old', '1');
  res.end('old');
};

describe('makeNewborn', () => {
  it('works on this Node, by its own finding', () => {
    expect(canBeReborn()).toBe(true);
  });

  it('leaves nothing of the answer: no fields, no status, no end', async () => {
    const answer = await serve(old);
    const { req, res } = await answer();
    makeNewborn(req, res);
    expect([res.statusCode, res.getHeaderNames(), res.headersSent]).toEqual([200, [], false]);
    expect([res.writableEnded, res.writableFinished, res.destroyed, res.closed]).toEqual([false, false, false, false]);
    expect([req.destroyed, req.aborted, req.complete, req.readableEnded]).toEqual([false, false, true, false]);
  });

  it('takes an answer and closes, and the client sees none of it', async () => {
    const answer = await serve(old);
    const { req, res, socket } = await answer();
    const written = socket.bytesWritten;
    makeNewborn(req, res);
    const closed = once(res, 'close');
    res.setHeader('x-new', '2');
    res.end('new');
    await closed;
    expect([res.writableFinished, res.destroyed, socket.bytesWritten, socket.destroyed]).toEqual([
      true,
      true,
      written,
      false,
    ]);
    expect(await get()).toBe('old');
  });

  it('keeps what is on the objects, without the hooks that were for the visitor', async () => {
    const calls: string[] = [];
    const answer = await serve((req, res) => {
      Object.assign(res, { locals: { user: 'u' } });
      const { end, writeHead } = res;
      res.end = ((body: string) => {
        calls.push('end');
        return end.call(res, body, 'utf8');
      }) as typeof res.end;
      res.writeHead = ((status: number) => {
        calls.push('writeHead');
        return writeHead.call(res, status);
      }) as typeof res.writeHead;
      res.on('finish', () => calls.push('finish'));
      req.on('close', () => calls.push('req close'));
      old(req, res);
    });
    const { req, res } = await answer();
    expect(calls.sort()).toEqual(['end', 'finish', 'req close', 'writeHead']);
    makeNewborn(req, res);
    res.end('new');
    await once(res, 'close');
    expect(calls.length).toBe(4);
    expect((res as ServerResponse & { locals?: object }).locals).toEqual({ user: 'u' });
    expect([res.req === req, req.url]).toEqual([true, '/']);
  });

  it.each<[string, (exchange: Exchange) => void]>([
    ['res.destroy', ({ res }) => res.destroy(new Error('on purpose'))],
    ['req.destroy', ({ req }) => req.destroy()],
    ['req.socket.destroy', ({ req }) => req.socket.destroy()],
    ['res.socket.destroy', ({ res }) => res.socket?.destroy()],
    ['res.setTimeout', ({ res }) => res.setTimeout(1, () => res.destroy())],
    ['req.setTimeout', ({ req }) => req.setTimeout(1, () => req.destroy())],
    ['res.socket.setTimeout', ({ res }) => res.socket?.setTimeout(1).end()],
  ])("survives %s: the visitor's connection serves its next request", async (_name, harm) => {
    const answer = await serve(old);
    const first = await answer();
    makeNewborn(first.req, first.res);
    const { timeout } = first.socket;
    harm(first);
    expect(first.socket.timeout).toBe(timeout);
    const second = await answer();
    expect(second.socket).toBe(first.socket);
    expect(second.socket.destroyed).toBe(false);
  });

  it('says that it has closed when its own socket is destroyed', async () => {
    const answer = await serve(old);
    const { req, res } = await answer();
    makeNewborn(req, res);
    const closed = once(res, 'close');
    req.socket.destroy();
    await closed;
    expect(res.writableFinished).toBe(false);
  });

  it('takes any amount from a pipe without holding it up', async () => {
    const answer = await serve(old);
    const { req, res } = await answer();
    makeNewborn(req, res);
    const chunk = Buffer.alloc(64 * 1024);
    const chunks = function* () {
      for (let i = 0; i < 100; i++) yield chunk;
    };
    await pipeline(Readable.from(chunks()), res);
    expect(res.writableFinished).toBe(true);
  });

  it('lets the request be read to its end, once more', async () => {
    const answer = await serve(old);
    const { req, res } = await answer();
    makeNewborn(req, res);
    req.resume();
    await finished(req);
    expect(req.readableEnded).toBe(true);
  });

  it('still tells who the visitor was', async () => {
    const answer = await serve(old);
    const { req, res, socket } = await answer();
    makeNewborn(req, res);
    expect([req.socket.remoteAddress, req.socket.remotePort]).toEqual([socket.remoteAddress, socket.remotePort]);
    expect(req.socket).not.toBe(socket);
  });
});
