import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../testing/fake-clock.js';
import { Connection } from './connection.js';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A server of the test's own, that says what it is told to. */
async function setup(more: { username?: string; password?: string } = {}) {
  const server: Server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const clock = new FakeClock();
  let isReady = (): void => {};
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  const { port } = server.address() as AddressInfo;
  const accepted = (): Promise<[Socket]> => once(server, 'connection') as Promise<[Socket]>;
  const first = accepted();
  const connection = new Connection({ host: '127.0.0.1', port, ...more }, clock, isReady);
  const [socket] = await first;
  closers.push(
    () => connection.close(),
    () => server.close(),
    () => socket.destroy(),
  );
  return { connection, clock, socket, ready, accepted };
}

describe('a connection', () => {
  it('sends commands without waiting for answers, and gives each its own', async () => {
    const { connection, socket, ready } = await setup();
    await ready;
    const replies = [
      connection.send(['get a\r\n'], ['a']),
      connection.send(['set b 0 0 1\r\n', Buffer.of(0xff), '\r\n']),
    ];
    const [sent] = (await once(socket, 'data')) as [Buffer];
    expect(sent.toString('latin1')).toBe('get a\r\nset b 0 0 1\r\n\xff\r\n');
    socket.write('END\r\nSTORED\r\n');
    expect((await Promise.all(replies)).map(({ line }) => line)).toEqual(['END', 'STORED']);
  });

  it('gives up a server that leaves a command unanswered, and makes another', async () => {
    const { connection, clock, ready, accepted } = await setup();
    await ready;
    const reply = connection.send(['get a\r\n'], ['a']);
    const next = accepted();
    clock.advance(1_000);
    await expect(reply).rejects.toThrow('the server answers nothing');
    await expect(connection.send(['get a\r\n'], ['a'])).rejects.toThrow('the server answers nothing');
    clock.advance(20);
    const [socket] = await next;
    closers.push(() => socket.destroy());
  });

  it('does not give up one that answers slowly, but answers', async () => {
    const { connection, clock, socket, ready } = await setup();
    await ready;
    const replies = [1, 2, 3].map(() => connection.send(['get a\r\n'], ['a']));
    for (const reply of replies) {
      clock.advance(900);
      socket.write('END\r\n');
      expect((await reply).line).toBe('END');
    }
  });

  it('is of no use once something is out of place', async () => {
    const { connection, socket, ready } = await setup();
    await ready;
    const replies = [1, 2].map(() => connection.send(['get a\r\n'], ['a']));
    socket.write('ERROR\r\nEND\r\n');
    for (const reply of replies) await expect(reply).rejects.toThrow('the server said "ERROR"');
    await once(socket.resume(), 'close');
  });

  it('is not used before the password is accepted, and repeats nothing of it', async () => {
    const { connection, socket } = await setup({ username: 'somebody', password: 'hunter2' });
    const [sent] = (await once(socket, 'data')) as [Buffer];
    expect(String(sent)).toBe('set auth 0 0 16\r\nsomebody hunter2\r\n');
    await expect(connection.send(['get a\r\n'], ['a'])).rejects.toThrow('not connected yet');
    socket.write('CLIENT_ERROR no such user: somebody hunter2\r\n');
    await once(socket, 'close');
    await expect(connection.send(['get a\r\n'], ['a'])).rejects.toThrow(
      new Error('the server did not accept the user name and the password'),
    );
  });

  it('takes only so many commands at once', async () => {
    const { connection, ready } = await setup();
    await ready;
    const outcomes = Array.from({ length: 5_000 }, () =>
      connection.send(['get a\r\n'], ['a']).catch((error: Error) => error.message),
    );
    expect(await outcomes[4_999]).toBe('too much is waiting for this server');
    connection.close();
    expect(await outcomes[0]).toBe('the cache was closed');
  });

  it('is not made again when it has been closed', async () => {
    const { connection, clock, socket, accepted } = await setup();
    let another = false;
    void accepted().then(() => {
      another = true;
    });
    connection.close();
    await once(socket.resume(), 'close');
    clock.advance(60_000);
    expect(another).toBe(false);
  });
});
