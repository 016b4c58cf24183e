import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { stores } from './stores.js';
import { type Order, startProcess, type ValueProcess } from './value-processes.js';

const shared = stores.flatMap(([name, store]) => (store === undefined ? [] : [[name, store] as const]));
const writes: readonly Order[] = ['set', 'delete', 'deleteMany', 'key', 'tags', 'purge'];
const reads: readonly Order[] = ['outer', 'memoized', 'page', 'inner'];

describe.each(shared)('two processes over %s', (name, store) => {
  const source = { data: 'old' };
  let one: ValueProcess;
  let two: ValueProcess;
  beforeAll(async () => {
    const namespace = `processes-${process.pid}-${name}`;
    const start = () => startProcess(store, namespace, () => source.data);
    [one, two] = await Promise.all([start(), start()]);
  });
  beforeEach(async () => {
    source.data = 'old';
    one.isAnswered = true;
    await one.does('purge');
  });

  it('never have a whole that is newer in one than its parts in the other', async () => {
    let expected = 'old';
    for (const [round, write] of writes.entries()) {
      for (const read of reads)
        expect([read, await one.does(read), await two.does(read)]).toEqual([read, expected, expected]);
      expected = `after ${write}`;
      source.data = expected;
      await (round % 2 === 0 ? two : one).does(write, expected);
      // Each read first in its turn, so that none finds what another one has had made.
      const turned = [...reads.slice(round % reads.length), ...reads.slice(0, round % reads.length)];
      for (const read of turned)
        expect([write, read, await one.does(read), await two.does(read)]).toEqual([write, read, expected, expected]);
    }
  });

  it.each(writes)('store nothing that was being loaded when the other one wrote (%s)', async (write) => {
    one.isAnswered = false;
    for (const read of reads) {
      source.data = `before ${read}`;
      const loading = one.does(read);
      const answer = await one.loading();
      source.data = `after ${read}`;
      await two.does(write, source.data);
      answer(`before ${read}`);
      // It asked before the other one wrote.
      expect(await loading).toBe(`before ${read}`);
      one.isAnswered = true;
      for (const asked of [one, two]) expect([null, source.data]).toContain(await asked.does('get'));
      for (const asked of [one, two]) expect(await asked.does(read)).toBe(source.data);
      await two.does('purge');
      one.isAnswered = false;
    }
  });
});
