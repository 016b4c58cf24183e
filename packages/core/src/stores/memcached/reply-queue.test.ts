import { describe, expect, it } from '@jest/globals';
import { ReplyQueue } from './reply-queue.js';

const text = Buffer.from(
  'VALUE k 0 5\r\na\r\nEN\r\nVALUE l 7 0 12\r\n\r\nEND\r\nSTORED\r\n18446744073709551615\r\n',
  'latin1',
);

function asked(): { queue: ReplyQueue; replies: Promise<unknown>[] } {
  const queue = new ReplyQueue();
  const replies = [queue.expect(['k', 'l', 'm']), queue.expect([]), queue.expect([])].map((reply) =>
    reply.then(({ line, values }) => [
      line,
      ...[...values].map(([key, { bytes, unique }]) => [key, Buffer.from(bytes).toString('latin1'), unique]),
    ]),
  );
  return { queue, replies };
}

describe('what a server sends', () => {
  it('is read alike in pieces of every size', async () => {
    for (let size = 1; size <= text.length; size++) {
      const { queue, replies } = asked();
      for (let at = 0; at < text.length; at += size) queue.push(text.subarray(at, at + size));
      expect(await Promise.all(replies)).toEqual([
        ['END', ['k', 'a\r\nEN', undefined], ['l', '', '12']],
        ['STORED'],
        ['18446744073709551615'],
      ]);
      expect(queue.length).toBe(0);
    }
  });

  it('is no longer the server’s memory: a value survives what comes after it', async () => {
    const queue = new ReplyQueue();
    const reply = queue.expect(['k']);
    const chunk = Buffer.from('VALUE k 0 3\r\nabc\r\nEND\r\n');
    queue.push(chunk);
    chunk.fill(0);
    expect(String((await reply).values.get('k')?.bytes)).toBe('abc');
  });

  it.each([
    ['a value nobody asked for', 'VALUE z 0 1\r\nx\r\n'],
    ['a value without a length', 'VALUE k 0\r\n'],
    ['a value of negative length', 'VALUE k 0 -1\r\n'],
    ['a value longer than any', 'VALUE k 0 4294967295\r\n'],
    ['a value longer than it said', 'VALUE k 0 1\r\nxyz\r\n'],
    ['a line that ends without CR', 'END\n'],
    ['a line without an end', 'x'.repeat(3_000)],
    ['what ends another command', 'STORED\r\n'],
    ['nonsense', 'HTTP/1.1 400 Bad Request\r\n'],
    ['an error of the client’s', 'CLIENT_ERROR line too long\r\n'],
    ['an unknown command', 'ERROR\r\n'],
  ])('ends the connection where it is %s', async (_, said) => {
    const { queue, replies } = asked();
    const settled = Promise.allSettled(replies);
    expect(() => queue.push(Buffer.from(said))).toThrow('the server');
    queue.fail(new Error('lost'));
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });

  it('ends it where nobody has asked', () => {
    expect(() => new ReplyQueue().push(Buffer.from('STORED\r\n'))).toThrow('although nobody had asked');
  });

  it('may be an error of the server’s, and then goes on', async () => {
    const { queue, replies } = asked();
    queue.push(Buffer.from('SERVER_ERROR out of memory\r\nNOT_STORED\r\n'));
    expect(await replies[0]).toEqual(['SERVER_ERROR out of memory']);
    expect(await replies[1]).toEqual(['NOT_STORED']);
    expect(queue.length).toBe(1);
  });
});
