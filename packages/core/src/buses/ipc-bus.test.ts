import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../testing/fake-clock.js';
import { IpcBus } from './ipc-bus.js';

const LAG = 900;

/** A worker's bus, and the primary process at the other end as the test plays it. */
function world() {
  const clock = new FakeClock();
  const log: string[] = [];
  const sent: { id: number; [name: string]: unknown }[] = [];
  const emitter = new EventEmitter();
  const link = Object.assign(emitter, {
    isBroken: false,
    send(message: unknown, _handle: undefined, _options: undefined, done: (error: Error | null) => void) {
      if (!link.isBroken) sent.push(message as (typeof sent)[number]);
      done(link.isBroken ? new Error('channel closed') : null);
      return true;
    },
  });
  const bus = new IpcBus({
    link,
    namespace: 'n',
    clock,
    lagMs: LAG,
    onRelay: () => log.push('relay'),
    onSilence: () => log.push('silence'),
  });
  const stop = bus.listen({
    invalidated: (tags, mode) => log.push(`${mode} ${tags}`),
    missed: () => log.push('missed'),
    heardUpTo: (at) => log.push(`heard ${clock.monotonic() - at} ms ago`),
  });
  const answer = async (index: number): Promise<void> => {
    link.emit('message', { viewcache: 'done', namespace: 'n', id: sent[index]?.id });
    await clock.advanceAsync(0);
  };
  return { clock, log, sent, link, bus, stop, answer };
}

describe('the bus between the workers of a cluster', () => {
  it('believes what was heard up to when it asked, not up to when it was answered', async () => {
    const { clock, log, sent, answer } = world();
    expect(sent).toMatchObject([{ viewcache: 'probe', namespace: 'n' }]);
    await clock.advanceAsync(100);
    await answer(0);
    // What came before the first answer, nobody has told.
    expect(log).toEqual(['missed', 'relay', 'heard 100 ms ago']);
  });

  it('asks again three times in each lag', async () => {
    const { clock, sent, answer } = world();
    await answer(0);
    await clock.advanceAsync(LAG / 3);
    await answer(1);
    await clock.advanceAsync(LAG / 3);
    expect(sent.map((message) => message['viewcache'])).toEqual(['probe', 'probe', 'probe']);
  });

  it('passes on what others have invalidated', async () => {
    const { link, log } = world();
    link.emit('message', { viewcache: 'invalidated', namespace: 'n', tags: ['a', 'b'], mode: 'hard', id: 1 });
    expect(log).toEqual(['hard a,b']);
  });

  it.each<[string, unknown]>([
    ['of another cache', { viewcache: 'invalidated', namespace: 'other', tags: ['a'], mode: 'soft', id: 1 }],
    ['of somebody else', 'shutdown'],
    ['of nobody', null],
    ['without tags', { viewcache: 'invalidated', namespace: 'n', mode: 'soft', id: 1 }],
    ['with tags that are none', { viewcache: 'invalidated', namespace: 'n', tags: [1], mode: 'soft', id: 1 }],
    ['in another mode', { viewcache: 'invalidated', namespace: 'n', tags: ['a'], mode: 'x', id: 1 }],
    ['with a number that is none', { viewcache: 'done', namespace: 'n', id: '1' }],
  ])('hears no message %s', (_what, message) => {
    const { link, log } = world();
    link.emit('message', message);
    expect(log).toEqual([]);
  });

  it('has published when the primary has passed it on', async () => {
    const { bus, answer, sent } = world();
    await answer(0);
    const published = bus.publish(['a'], 'soft');
    expect(sent[1]).toMatchObject({ viewcache: 'invalidated', tags: ['a'], mode: 'soft' });
    await answer(1);
    expect(await published).toBe(true);
  });

  it('has not when the primary is late, or gone', async () => {
    const { bus, answer, clock, link } = world();
    await answer(0);
    const late = bus.publish(['a'], 'soft');
    await clock.advanceAsync(250);
    expect(await late).toBe(false);
    link.isBroken = true;
    expect(await bus.publish(['a'], 'soft')).toBe(false);
  });

  it('says after a while that nobody relays; then nobody is told, and that is not said to be done', async () => {
    const { bus, clock, log, sent } = world();
    await clock.advanceAsync(2_000);
    expect(log).toEqual(['silence']);
    const asked = sent.length;
    expect(await bus.publish(['a'], 'soft')).toBe(false);
    expect(sent).toHaveLength(asked);
  });

  it('listens to its process once, however many caches that has', () => {
    const link = Object.assign(new EventEmitter(), { send: () => true });
    const heard: number[] = [];
    const stops = Array.from({ length: 12 }, (_, i) => {
      const parts = { link, namespace: 'n', clock: new FakeClock(), lagMs: LAG, onRelay() {}, onSilence() {} };
      return new IpcBus(parts).listen({ invalidated: () => heard.push(i), missed() {}, heardUpTo() {} });
    });
    expect(link.listenerCount('message')).toBe(1);
    stops.shift()?.();
    link.emit('message', { viewcache: 'invalidated', namespace: 'n', tags: ['a'], mode: 'soft', id: 1 });
    expect(heard).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    for (const stop of stops) stop();
    expect(link.listenerCount('message')).toBe(0);
  });

  it('tells what is invalidated before the primary has said that it relays', async () => {
    const { bus, clock, sent, answer } = world();
    const early = bus.publish(['a'], 'soft');
    expect(sent[1]).toMatchObject({ viewcache: 'invalidated', tags: ['a'], mode: 'soft' });
    await answer(1);
    expect(await early).toBe(true);
    const unheard = bus.publish(['b'], 'soft');
    await clock.advanceAsync(250);
    expect(await unheard).toBe(false);
  });

  it('leaves nothing behind when it ends', async () => {
    const { stop, clock, link, answer } = world();
    await answer(0);
    stop();
    await clock.advanceAsync(5_000);
    expect([clock.pendingTimers, link.listenerCount('message')]).toEqual([0, 0]);
  });
});
