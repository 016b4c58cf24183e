import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../testing/fake-clock.js';
import { RetryQueue } from './retry-queue.js';
import { ALL_TAG } from './tags.js';

interface Sent {
  readonly tags: readonly string[];
  readonly mode: 'soft' | 'hard';
  readonly holdMs: number;
  answer(isAcknowledged: boolean): Promise<void>;
  fail(): Promise<void>;
}

/** A queue over a shared store that answers when the test says so. */
function world() {
  const clock = new FakeClock();
  const sent: Sent[] = [];
  const drained: number[] = [];
  const queue = new RetryQueue(
    (tags, mode, holdMs) =>
      new Promise((resolve, reject) => {
        sent.push({
          tags: [...tags].sort(),
          mode,
          holdMs,
          answer: async (isAcknowledged) => {
            resolve(isAcknowledged);
            await clock.advanceAsync(0);
          },
          fail: async () => {
            reject(new Error('the driver broke its word'));
            await clock.advanceAsync(0);
          },
        });
      }),
    clock,
    (tags) => drained.push(tags),
  );
  const last = (): Sent => sent.at(-1) as Sent;
  return { clock, sent, drained, queue, last };
}

describe('RetryQueue.deliver (PROTOCOL 4.6 steps 2 to 5)', () => {
  it('is pending from the call on, before the store has answered', () => {
    const { queue } = world();
    void queue.deliver(['a', 'b'], 'soft', 1);
    expect(queue.isPending(['b'])).toBe(true);
    expect(queue.isPending(['x', 'a'])).toBe(true);
    expect(queue.isPending(['x'])).toBe(false);
  });

  it('is no longer pending once the store has acknowledged it', async () => {
    const { queue, last, clock } = world();
    const receipt = queue.deliver(['a'], 'soft', 1);
    await last().answer(true);
    expect(await receipt).toBe(true);
    expect([queue.size, queue.isPending(['a']), clock.pendingTimers]).toEqual([0, false, 0]);
  });

  it.each([
    ['says no', (sent: Sent) => sent.answer(false)],
    ['rejects', (sent: Sent) => sent.fail()],
  ])('stays pending and sends again when the store %s', async (_how, answer) => {
    const { queue, last, sent, clock, drained } = world();
    const receipt = queue.deliver(['a'], 'soft', 1);
    await answer(last());
    expect(await receipt).toBe(false);
    expect(queue.isPending(['a'])).toBe(true);
    await clock.advanceAsync(250);
    expect(sent).toHaveLength(2);
    expect(last()).toMatchObject({ tags: ['a'], mode: 'soft' });
    await answer(last());
    await clock.advanceAsync(499);
    expect(sent).toHaveLength(2);
    await clock.advanceAsync(1);
    await last().answer(true);
    expect([queue.size, clock.pendingTimers, drained]).toEqual([0, 0, [1]]);
  });

  it('waits longer after each failure, at most 10 s, and as little as at first after a success', async () => {
    const { queue, last, clock } = world();
    void queue.deliver(['a'], 'soft', 1);
    await last().answer(false);
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      waits.push(clock.nextTimerIn);
      await clock.advanceAsync(clock.nextTimerIn);
      await last().answer(i === 7);
    }
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
    void queue.deliver(['b'], 'soft', 2);
    await last().answer(false);
    expect(clock.nextTimerIn).toBe(250);
  });

  it('is sent at once when the store has answered something else, and not again and again', async () => {
    const { queue, clock, sent, last, drained } = world();
    void queue.deliver(['a'], 'soft', 1);
    await last().answer(false);
    for (let i = 0; i < 5; i++) {
      await clock.advanceAsync(10_000);
      await last().answer(false);
    }
    const before = sent.length;
    await clock.advanceAsync(300);
    queue.stir();
    queue.stir();
    expect(sent.length).toBe(before + 1);
    await last().answer(false);
    queue.stir();
    expect(sent.length).toBe(before + 1);
    await clock.advanceAsync(250);
    queue.stir();
    await last().answer(true);
    expect([drained, queue.size]).toEqual([[1], 0]);
  });

  it('is not sent by that where nothing waits', () => {
    const { queue, sent } = world();
    queue.stir();
    expect(sent).toEqual([]);
  });

  it('keeps a newer invalidation of the tag that was queued while an older one was under way', async () => {
    const { queue, sent } = world();
    void queue.deliver(['a'], 'soft', 1);
    void queue.deliver(['a'], 'soft', 2);
    await sent[0]?.answer(true);
    expect(queue.isPending(['a'])).toBe(true);
    await sent[1]?.answer(true);
    expect(queue.isPending(['a'])).toBe(false);
  });

  it('does not take a waiting purge for delivered because an invalidation got through', async () => {
    const { queue, last } = world();
    void queue.deliver(['a'], 'hard', 1);
    await last().answer(false);
    void queue.deliver(['a', 'b'], 'soft', 2);
    expect(last().mode).toBe('hard');
    await last().answer(true);
    expect(queue.size).toBe(0);
  });

  it('does not forget how long a source lags because another invalidation got through', async () => {
    const { queue, last } = world();
    void queue.deliver(['a'], 'soft', 1, 5_000);
    await last().answer(false);
    queue.announce(['a'], 'soft', 2);
    void queue.deliver(['a', 'b'], 'soft', 3, 1_000);
    expect(last().holdMs).toBe(5_000);
    await last().answer(true);
    expect(queue.size).toBe(0);
  });

  it('sends what is waiting in one command a mode', async () => {
    const { queue, sent, clock, drained } = world();
    for (const [tag, mode] of [
      ['a', 'soft'],
      ['b', 'hard'],
      ['c', 'soft'],
    ] as const) {
      void queue.deliver([tag], mode, 1);
      await sent.at(-1)?.answer(false);
    }
    await clock.advanceAsync(250);
    expect(sent.slice(3).map(({ tags, mode }) => [mode, tags])).toEqual([
      ['soft', ['a', 'c']],
      ['hard', ['b']],
    ]);
    await sent[3]?.answer(true);
    await sent[4]?.answer(true);
    expect([queue.size, drained]).toEqual([0, [3]]);
  });
});

describe('RetryQueue.isDoubtful (PROTOCOL 4.5, 4.6)', () => {
  it('doubts a read that was sent before the store had heard of an invalidation, also after it has', async () => {
    const { queue, last } = world();
    const before = queue.acknowledgements;
    void queue.deliver(['a', 'b'], 'soft', 1);
    expect(queue.isDoubtful(['x', 'a'], queue.acknowledgements)).toBe(true);
    await last().answer(true);
    expect(queue.isPending(['a'])).toBe(false);
    expect([queue.isDoubtful(['a'], before), queue.isDoubtful(['b'], before)]).toEqual([true, true]);
    expect([queue.isDoubtful(['x'], before), queue.isDoubtful(['a'], queue.acknowledgements)]).toEqual([false, false]);
  });

  it('doubts it too when the store heard only of a retry', async () => {
    const { queue, last, clock } = world();
    void queue.deliver(['a'], 'soft', 1);
    await last().answer(false);
    const sentAt = queue.acknowledgements;
    await clock.advanceAsync(250);
    await last().answer(true);
    expect(queue.isDoubtful(['a'], sentAt)).toBe(true);
  });

  it('counts from the last time a tag was heard of', async () => {
    const { queue, last } = world();
    const marks: number[] = [];
    for (let i = 0; i < 2; i++) {
      void queue.deliver(['a'], 'soft', i);
      await last().answer(true);
      marks.push(queue.acknowledgements);
    }
    expect(marks.map((mark) => queue.isDoubtful(['a'], mark))).toEqual([true, false]);
  });

  it('doubts everything from before what it has forgotten, which it bounds', async () => {
    const { queue, last } = world();
    const first = queue.acknowledgements;
    const tags = (from: number) => Array.from({ length: 6_000 }, (_, i) => `tag-${from + i}`);
    void queue.deliver(tags(0), 'soft', 1);
    await last().answer(true);
    const second = queue.acknowledgements;
    expect(queue.isDoubtful(['x'], first)).toBe(false);
    void queue.deliver(tags(6_000), 'soft', 2);
    await last().answer(true);
    expect([queue.isDoubtful(['x'], first), queue.isDoubtful(['x'], second)]).toEqual([true, false]);
    expect(queue.isDoubtful(['tag-11999'], second)).toBe(true);
    void queue.deliver(tags(12_000), 'soft', 3);
    await last().answer(true);
    expect(queue.isDoubtful(['x'], second)).toBe(true);
  });
});

describe('RetryQueue is bounded', () => {
  const many = Array.from({ length: 10_001 }, (_, i) => `tag-${i}`);

  it('takes everything for pending when too many tags wait', async () => {
    const { queue, sent, clock } = world();
    void queue.deliver(many, 'soft', 1);
    expect(queue.size).toBe(1);
    expect(queue.isPending(['never named'])).toBe(true);
    await sent[0]?.answer(false);
    await clock.advanceAsync(250);
    expect(sent[1]).toMatchObject({ tags: [ALL_TAG], mode: 'hard' });
    await sent[1]?.answer(true);
    expect(queue.isPending(['never named'])).toBe(false);
  });

  it('takes everything for pending when long tags wait, and forgets what it has heard of long ones', async () => {
    const { queue, last } = world();
    const long = (i: number) => `${i}${'z'.repeat(1_000_000)}`;
    const first = queue.acknowledgements;
    for (let i = 0; i < 8; i++) {
      void queue.deliver([long(i)], 'soft', i);
      await last().answer(true);
    }
    expect([queue.size, queue.isPending(['never named'])]).toEqual([0, false]);
    expect([queue.isDoubtful(['x'], first), queue.isDoubtful(['x'], first + 5)]).toEqual([true, false]);
    for (let i = 0; i < 4; i++) void queue.deliver([long(i)], 'soft', i);
    expect(queue.isPending(['never named'])).toBe(true);
  });

  it('gets out of that also when the store acknowledged each of the many', async () => {
    const { queue, sent, clock } = world();
    const receipt = queue.deliver(many, 'soft', 1);
    await sent[0]?.answer(true);
    expect(await receipt).toBe(true);
    await clock.advanceAsync(250);
    await sent[1]?.answer(true);
    expect([queue.size, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('holds each tag once, however often it is invalidated', async () => {
    const { queue, last } = world();
    for (let at = 1; at <= 500; at++) {
      void queue.deliver(['a'], 'soft', at);
      await last().answer(false);
    }
    expect(queue.size).toBe(1);
  });
});

describe('RetryQueue.close', () => {
  it('leaves no timer behind, also when the store answers afterwards', async () => {
    const { queue, sent, clock } = world();
    void queue.deliver(['a'], 'soft', 1);
    await sent[0]?.answer(false);
    void queue.deliver(['b'], 'soft', 2);
    queue.close();
    await sent[1]?.answer(false);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('RetryQueue.deliverWith (PROTOCOL 4.11)', () => {
  /** Something on its way that stands for an invalidation. */
  const carrier = () => {
    let answer: (heard: readonly boolean[]) => void = () => {};
    let isSent = false;
    const send = (): Promise<readonly boolean[]> => {
      isSent = true;
      return new Promise((resolve) => {
        answer = resolve;
      });
    };
    return { send, isSent: () => isSent, answer: (...heard: boolean[]) => answer(heard) };
  };

  it('is pending until the store has answered, each tag by itself; the rest is told in words', async () => {
    const { queue, clock, sent, last } = world();
    const { send, answer } = carrier();
    const done = queue.deliverWith(['a', 'b'], 1, send);
    const before = queue.acknowledgements;
    expect([queue.isPending(['a']), queue.isPending(['b'])]).toEqual([true, true]);
    answer(true, false);
    await done;
    expect([queue.isPending(['a']), queue.isPending(['b']), sent]).toEqual([false, true, []]);
    expect([queue.isDoubtful(['a'], before), queue.isDoubtful(['a'], queue.acknowledgements)]).toEqual([true, false]);
    await clock.advanceAsync(250);
    expect(last()).toMatchObject({ tags: ['b'], mode: 'soft' });
    await last().answer(true);
    expect([queue.size, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('tells in words what nobody has carried there', async () => {
    const { queue, clock, last } = world();
    await queue.deliverWith(['a'], 1, () => Promise.reject(new Error('the driver broke its word')));
    expect(queue.isPending(['a'])).toBe(true);
    await clock.advanceAsync(250);
    expect(last()).toMatchObject({ tags: ['a'], mode: 'soft' });
  });

  it('waits from when nobody has answered, and not while it is under way', async () => {
    const { queue, last } = world();
    const { send, answer } = carrier();
    const done = queue.deliverWith(['a', 'b'], 1, send);
    expect([queue.isPending(['a']), queue.isWaiting(['a', 'b'])]).toEqual([true, false]);
    answer(true, false);
    await done;
    expect([queue.isWaiting(['a']), queue.isWaiting(['b'])]).toEqual([false, true]);
    void queue.deliver(['c'], 'hard', 2);
    expect(queue.isWaiting(['c'])).toBe(false);
    await last().answer(false);
    expect(queue.isWaiting(['c'])).toBe(true);
    queue.announce(['d'], 'hard', 3);
    expect(queue.isWaiting(['d'])).toBe(true);
  });

  it('leaves alone what was invalidated again meanwhile', async () => {
    const { queue } = world();
    const { send, answer } = carrier();
    const done = queue.deliverWith(['a'], 1, send);
    queue.announce(['a'], 'hard', 2);
    answer(true);
    await done;
    expect(queue.isPending(['a'])).toBe(true);
  });

  it('sends a purge first that still waits, and nothing where that does not get through', async () => {
    const { queue, clock, sent, last } = world();
    void queue.deliver(['a'], 'hard', 1);
    await last().answer(false);
    const first = carrier();
    const given = queue.deliverWith(['a', 'b'], 2, first.send);
    expect([last().tags, last().mode, first.isSent()]).toEqual([['a'], 'hard', false]);
    await last().answer(false);
    await given;
    expect([first.isSent(), queue.isPending(['a'])]).toEqual([false, true]);
    const second = carrier();
    const done = queue.deliverWith(['a', 'b'], 3, second.send);
    await last().answer(true);
    expect([second.isSent(), queue.isPending(['a'])]).toEqual([true, true]);
    second.answer(true, true);
    await done;
    const told = sent.length;
    expect(queue.size).toBe(0);
    await clock.advanceAsync(1_000);
    expect(sent).toHaveLength(told);
  });

  it('drains nothing where all that waited has got through by other ways', async () => {
    const { queue, clock, drained } = world();
    await queue.deliverWith(['a'], 1, async () => [false]);
    await queue.deliverWith(['a'], 2, async () => [true]);
    await clock.advanceAsync(1_000);
    expect([queue.size, drained]).toEqual([0, []]);
  });
});
