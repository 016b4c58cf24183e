import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../testing/fake-clock.js';
import { Telemetry } from './telemetry.js';

const STORE = { entries: 1, bytes: 1, eviction: undefined };

function watched() {
  const clock = new FakeClock();
  const telemetry = new Telemetry(() => clock.now());
  const store = (route: string, key: string) =>
    telemetry.stored({ key, route, lifetimeMs: 60_000, producerMs: 5 }, 100, []);
  return { clock, telemetry, store, read: () => telemetry.advice.read(STORE) };
}

describe('what advice is made of', () => {
  it('is of a quiet hour nothing that was before', () => {
    const { clock, store, read } = watched();
    for (let i = 0; i < 150; i++) store('/a', `a${i}`);
    clock.advance('61m');
    expect(read()).toEqual([]);
    for (let i = 0; i < 150; i++) store('/a', `b${i}`);
    expect(read()).toMatchObject([{ requests: 150, over: 0 }]);
  });

  it('is of the window before, too', () => {
    const { clock, store, read } = watched();
    for (let i = 0; i < 60; i++) store('/a', `a${i}`);
    clock.advance('30m');
    for (let i = 0; i < 60; i++) store('/a', `b${i}`);
    clock.advance('10m');
    expect(read()).toMatchObject([{ requests: 120, reason: 'every-key-new', share: 1, over: 2_400 }]);
    clock.advance('20m');
    expect(read()).toEqual([]);
  });

  it.each([
    ['dearer than the handler, and than all it has saved', 9, 100, 1],
    ['cheaper than the handler, though it has saved nothing', 4, 0, 0],
    ['dearer than the handler, and cheaper than what memory has saved', 9, 1_000, 0],
  ])('tells of a look-up that is %s', (_what, lookupMs, hits, found) => {
    const { telemetry, store, read } = watched();
    for (let i = 0; i < 120; i++) {
      store('/a', `a${i}`);
      telemetry.lookedUp('/a', lookupMs);
    }
    for (let i = 0; i < hits; i++) telemetry.hit('k', telemetry.route('/a'), '/a', false, 5);
    const told = read().filter(({ kind }) => kind === 'dear-lookup');
    expect(told).toHaveLength(found);
    if (found > 0) expect(told).toMatchObject([{ lookups: 120, lookupMs: 9, handlerMs: 5, requests: 220 }]);
  });

  it('leaves out what was written by nobody who asked, and refusals that say nothing of a route', () => {
    const { telemetry, read } = watched();
    const set = { key: 'k', route: 'set', lifetimeMs: 60_000, producerMs: 0 };
    for (let i = 0; i < 150; i++) {
      telemetry.stored({ ...set, key: `k${i}` }, 1, [], true);
      telemetry.refused('k', 'set', 'too-large', undefined, true);
      telemetry.refused('k', 'gone', 'aborted');
    }
    expect(read()).toMatchObject([{ route: 'gone', reason: 'several', share: 0, refusals: {} }]);
  });

  it('hears nothing of routes that were forgotten', () => {
    const { telemetry, read } = watched();
    const old = telemetry.route('/a');
    telemetry.reset();
    for (let i = 0; i < 150; i++) telemetry.advice.left(old, 'invalidated');
    old.misses += 150;
    expect(read()).toEqual([]);
  });

  it('keeps what concerns the most requests in front', () => {
    const { telemetry, store, read } = watched();
    for (let i = 0; i < 110; i++) store('/few', `few${i}`);
    for (let i = 0; i < 300; i++) store('/many', `many${i}`);
    telemetry.stored({ key: 'k', route: '/few', lifetimeMs: Number.POSITIVE_INFINITY, producerMs: 1 }, 1, []);
    expect(read().map((finding) => [finding.kind, 'route' in finding && finding.route])).toEqual([
      ['few-hits', '/many'],
      ['few-hits', '/few'],
      ['no-ttl', '/few'],
    ]);
  });

  it('has no more routes than are counted', () => {
    const { store, read } = watched();
    for (let i = 0; i < 1_000; i++) for (let j = 0; j < 3; j++) store(`/${i}`, `${i} ${j}`);
    expect(read()).toMatchObject([{ route: '(other)', requests: 2_400 }]);
  });

  it('holds as much of 200,000 URLs of a thousand routes as of a few', () => {
    const { clock, telemetry, store } = watched();
    const end = 'x'.repeat(1_900);
    for (let i = 0; i < 200_000; i++) {
      // The last ones are longer than an example may be.
      const rest = i >= 195_000 ? end + end : i % 1_000 === 0 ? end : '';
      store(`/${i % 999}`, `/s?q=${i}${rest}`);
      if (i % 60_000 === 0) clock.advance('31m');
    }
    const { routes, hashes, characters } = telemetry.advice.size;
    expect(routes).toBe(201);
    expect(hashes).toBeLessThanOrEqual(201 * 256);
    expect(characters).toBeLessThanOrEqual(201 * 3 * 2_000);
  });

  it('cuts keys that are shown, and puts them in one line', () => {
    const { store, read } = watched();
    for (let i = 0; i < 150; i++) store('/a', `${i}\n${'x'.repeat(1_000)}`);
    const [finding] = read();
    expect(finding?.message.length).toBeLessThan(500);
    expect(finding?.message).not.toContain('\n');
  });
});
