import { describe, expect, it } from '@jest/globals';
import { RetryQueue } from '../invalidation/retry-queue.js';
import { TagTable } from '../invalidation/tag-table.js';
import type { CacheEvent } from '../ports/event-sink.js';
import { Telemetry } from '../telemetry/telemetry.js';
import { FakeClock } from '../testing/fake-clock.js';
import { Invalidator } from './invalidator.js';

/** An invalidator over a shared store that acknowledges, or does not. */
function world(isShared = true, more: { readonly throwsUnheard?: boolean; readonly purgesOnly?: boolean } = {}) {
  const clock = new FakeClock();
  const tags = new TagTable();
  const telemetry = new Telemetry();
  const events: CacheEvent[] = [];
  telemetry.listen((event) => events.push(event));
  const sent: { tags: string[]; mode: string }[] = [];
  const store = { answers: true };
  const holds: number[] = [];
  const queue = new RetryQueue(async (names, mode, holdMs) => {
    sent.push({ tags: [...names].sort(), mode });
    holds.push(holdMs);
    return store.answers;
  }, clock);
  const invalidator = new Invalidator({
    tags,
    unheard: isShared ? queue : undefined,
    sink: telemetry,
    clock,
    lagMs: isShared ? 1_000 : undefined,
    throwsUnheard: more.throwsUnheard === true,
    invalidated: () => {},
    droppedBy: () => ({ count: 0, exact: true, keys: [] }),
    purgesOnly: more.purgesOnly === true,
  });
  return { tags, events, sent, holds, store, invalidator, queue, clock };
}

describe('Invalidator.run (PROTOCOL 4.6)', () => {
  it('holds in this process before anything is awaited', () => {
    const { invalidator, tags, queue } = world();
    void invalidator.run(['a'], 'soft');
    expect(tags.admits(['a'], 0)).toBe(false);
    expect(queue.isPending(['a'])).toBe(true);
  });

  it.each([
    ['memory alone', false, true, true],
    ['a shared store that acknowledges', true, true, true],
    ['a shared store that does not', true, false, false],
  ])('with %s says durable: %s', async (_what, isShared, answers, durable) => {
    const { invalidator, store, events } = world(isShared);
    store.answers = answers;
    expect(await invalidator.run(['a'], 'hard')).toEqual({ durable, at: 1 });
    expect(events).toEqual([{ type: 'invalidated', tags: ['a'], targets: [], mode: 'hard', durable }]);
  });

  it('purges where the store can do nothing else, here too, and says so', async () => {
    const { invalidator, sent, events, tags } = world(true, { purgesOnly: true });
    const record = tags.retain('a');
    await invalidator.run(['a'], 'soft');
    expect([sent[0]?.mode, record.purgedAt]).toEqual(['hard', 1]);
    await invalidator.batch(() => void invalidator.run(['a'], 'soft'));
    expect(events).toMatchObject([{ mode: 'hard' }, { mode: 'hard' }]);
  });

  it('tells what was named, and not what was made of it', async () => {
    const { invalidator, events, queue, store } = world(true, { throwsUnheard: true });
    store.answers = false;
    const unheard = { tags: ['t#1'], targets: ['url: /t'], message: expect.stringContaining('t#1 and others') };
    await expect(invalidator.run(['t#1', '\0rows:t', '\0url:/t'], 'soft')).rejects.toMatchObject(unheard);
    expect(events).toMatchObject([{ tags: ['t#1'], targets: ['url: /t'] }]);
    expect(queue.size).toBe(2);
  });

  it('numbers invalidations', async () => {
    const { invalidator, tags } = world();
    const receipts = await Promise.all([invalidator.run(['a'], 'soft'), invalidator.run(['b'], 'soft')]);
    expect(receipts.map(({ at }) => at)).toEqual([1, 2]);
    expect(tags.clock).toBe(2);
  });
});

describe('Invalidator.batch', () => {
  it('sends what was invalidated inside once, at the end, purges first', async () => {
    const { invalidator, sent, events } = world();
    const result = await invalidator.batch(async () => {
      await invalidator.run(['a', 'b'], 'soft');
      await invalidator.run(['c'], 'hard');
      await invalidator.run(['b', 'd'], 'soft');
      expect(sent).toEqual([]);
      return 'done';
    });
    expect(result).toEqual({ value: 'done', durable: true, at: 5 });
    expect(sent).toEqual([
      { tags: ['c'], mode: 'hard' },
      { tags: ['a', 'b', 'd'], mode: 'soft' },
    ]);
    expect(events.map(({ type }) => type)).toEqual(['invalidated', 'invalidated']);
  });

  it('invalidates here at once, and once more at the end, so that nothing read meanwhile stays', async () => {
    const { invalidator, tags } = world();
    let between = -1;
    await invalidator.batch(async () => {
      const receipt = await invalidator.run(['a'], 'soft');
      expect(receipt.durable).toBe(false);
      expect(tags.admits(['a'], 0)).toBe(false);
      between = tags.clock;
    });
    expect(tags.admits(['a'], between)).toBe(false);
  });

  it('sends after an error too, and hands the error on', async () => {
    const { invalidator, sent } = world();
    const work = invalidator.batch(async () => {
      await invalidator.run(['a'], 'soft');
      throw new Error('half way');
    });
    await expect(work).rejects.toThrow('half way');
    expect(sent).toEqual([{ tags: ['a'], mode: 'soft' }]);
    const sync = invalidator.batch(() => {
      void invalidator.run(['b'], 'soft');
      throw new Error('at once');
    });
    await expect(sync).rejects.toThrow('at once');
    expect(sent[1]).toEqual({ tags: ['b'], mode: 'soft' });
  });

  it('is durable when all of it is', async () => {
    const { invalidator, store } = world();
    store.answers = false;
    const receipt = await invalidator.batch(async () => {
      await invalidator.run(['a'], 'soft');
      return 'done';
    });
    expect(receipt).toEqual({ value: 'done', durable: false, at: 2 });
  });

  it('does not hold back what is invalidated outside it meanwhile', async () => {
    const { invalidator, sent } = world();
    let open = () => {};
    const batch = invalidator.batch(async () => {
      await invalidator.run(['inside'], 'soft');
      await new Promise<void>((resolve) => {
        open = resolve;
      });
    });
    await invalidator.run(['outside'], 'soft');
    expect(sent).toEqual([{ tags: ['outside'], mode: 'soft' }]);
    open();
    await batch;
    expect(sent).toHaveLength(2);
  });

  it('loses nothing that is invalidated by work it started and did not wait for', async () => {
    const { invalidator, sent, events } = world();
    let late: Promise<unknown> = Promise.resolve();
    let goOn = () => {};
    await invalidator.batch(async () => {
      late = (async () => {
        await new Promise<void>((resolve) => {
          goOn = resolve;
        });
        return await invalidator.run(['late'], 'soft');
      })();
    });
    goOn();
    expect(await late).toEqual({ durable: true, at: 1 });
    expect(sent).toEqual([{ tags: ['late'], mode: 'soft' }]);
    expect(events).toHaveLength(1);
  });

  it('has the store not believed about its tags until it has been told', async () => {
    const { invalidator, queue } = world();
    await invalidator.batch(async () => {
      await invalidator.run(['a'], 'soft');
      expect(queue.isPending(['a'])).toBe(true);
      expect(queue.isPending(['b'])).toBe(false);
    });
    expect(queue.isPending(['a'])).toBe(false);
  });

  it('sends an inner batch at its own end', async () => {
    const { invalidator, sent } = world();
    await invalidator.batch(async () => {
      await invalidator.run(['outer'], 'soft');
      await invalidator.batch(async () => {
        await invalidator.run(['inner'], 'soft');
      });
      expect(sent).toEqual([{ tags: ['inner'], mode: 'soft' }]);
    });
    expect(sent[1]).toEqual({ tags: ['outer'], mode: 'soft' });
  });

  it('that invalidates nothing sends nothing', async () => {
    const { invalidator, sent, events, tags } = world();
    expect(await invalidator.batch(() => 5)).toEqual({ value: 5, durable: true, at: 0 });
    expect([sent.length, events.length, tags.clock]).toEqual([0, 0, 0]);
  });
});

describe('what is asked of an invalidation', () => {
  const orders = { confirmsAll: false, holdMs: 0 };

  it('to be confirmed by all, waits for as long as the memory of any process may lag, and a little', async () => {
    const { invalidator, clock } = world();
    const log: string[] = [];
    void invalidator.run(['a'], 'soft', { ...orders, confirmsAll: true }).then(({ durable }) => log.push(`${durable}`));
    await clock.advanceAsync(1_049);
    expect(log).toEqual([]);
    await clock.advanceAsync(1);
    expect(log).toEqual(['true']);
  });

  it('is confirmed at once where there is one process', async () => {
    const { invalidator } = world(false);
    expect((await invalidator.run(['a'], 'soft', { ...orders, confirmsAll: true })).durable).toBe(true);
  });

  it('to hold, invalidates again when the data source has caught up', async () => {
    const { invalidator, clock, sent, holds, tags } = world();
    await invalidator.run(['a'], 'soft', { ...orders, holdMs: 3_000 });
    const token = tags.clock;
    await clock.advanceAsync(2_999);
    expect([sent.length, tags.admits(['a'], token)]).toEqual([1, true]);
    await clock.advanceAsync(1);
    expect([sent.length, tags.admits(['a'], token), holds]).toEqual([2, false, [3_000, 0]]);
  });

  it('rejects where the store does not answer and that was asked for; it holds here, and stays queued', async () => {
    const { invalidator, store, tags, queue } = world(true, { throwsUnheard: true });
    store.answers = false;
    await expect(invalidator.run(['a'], 'soft')).rejects.toMatchObject({ code: 'ERR_CACHE_INVALIDATION_UNHEARD' });
    expect([tags.admits(['a'], 0), queue.isPending(['a'])]).toEqual([false, true]);
  });

  it('rejects for nobody where nobody awaits it', async () => {
    const { invalidator, store, clock, events } = world(true, { throwsUnheard: true });
    store.answers = false;
    invalidator.runBehind(['a'], 'soft');
    await clock.advanceAsync(0);
    expect(events).toMatchObject([{ type: 'invalidated', durable: false }]);
  });

  it('made in a batch, is told when the batch has ended, and what the work threw comes first', async () => {
    const { invalidator, store } = world(true, { throwsUnheard: true });
    store.answers = false;
    const work = async () => {
      await invalidator.run(['a'], 'soft');
      return 1;
    };
    // It has been done: what it returned is not lost.
    const unheard = { code: 'ERR_CACHE_INVALIDATION_UNHEARD', tags: ['a'], value: 1 };
    await expect(invalidator.batch(work)).rejects.toMatchObject(unheard);
    const failing = async () => {
      await work();
      throw new Error('rolled back');
    };
    await expect(invalidator.batch(failing)).rejects.toThrow('rolled back');
  });
});
