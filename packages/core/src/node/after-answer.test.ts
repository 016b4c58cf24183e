import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '../testing/fake-clock.js';
import { afterAnswer } from './after-answer.js';

let server: Server;
let socket: Socket;
const clock = new FakeClock();

beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  socket.destroy();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  expect(clock.pendingTimers).toBe(0);
});

/** A response to a visitor who reads when the test says so. */
async function visit(): Promise<ServerResponse> {
  socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.pause();
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const [, res] = (await once(server, 'request')) as [unknown, ServerResponse];
  return res;
}

function watch(res: ServerResponse) {
  const events: string[] = [];
  const over = new Promise<void>((resolve) => {
    afterAnswer(res, clock, 250, {
      goOn: () => {
        events.push(res.req.destroyed ? 'go on after both have closed' : 'go on');
        resolve();
      },
      tooSlow: () => events.push('too slow'),
    });
  });
  return { events, over };
}

describe('afterAnswer', () => {
  it('goes on when the answer has left, and the request has closed too', async () => {
    const res = await visit();
    const { events, over } = watch(res);
    res.end('x');
    await over;
    expect(events).toEqual(['go on after both have closed']);
  });

  it('gives up on a visitor who does not read, after exactly this long', async () => {
    const res = await visit();
    const { events } = watch(res);
    res.end(Buffer.alloc(16 * 1024 ** 2));
    clock.advance(249);
    expect(events).toEqual([]);
    clock.advance(1);
    expect(events).toEqual(['too slow']);
    const closed = once(res, 'close');
    socket.resume();
    await closed;
    await new Promise((resolve) => setImmediate(resolve));
    expect(events).toEqual(['too slow']);
  });

  it('goes on when the visitor has gone instead', async () => {
    const res = await visit();
    const { events, over } = watch(res);
    res.write('x');
    socket.destroy();
    await over;
    expect(events).toHaveLength(1);
  });

  it('goes on when he had gone before', async () => {
    const res = await visit();
    const closed = once(res, 'close');
    socket.destroy();
    await closed;
    const { events, over } = watch(res);
    res.end('x');
    await over;
    expect(events).toHaveLength(1);
  });
});
