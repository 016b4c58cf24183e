import { describe, expect, it } from '@jest/globals';
import type { Fault } from '../testing/chaos-store.js';
import { guarded } from './guarded.js';
import { nonceProtocol } from './nonce-protocol.js';
import { begin, commit, fill, kind, setup, validity } from './nonce-protocol.test.support.js';

describe('invalidate (PROTOCOL 4.15)', () => {
  it('replaces the global nonce first, then those of the tags, and reads each back', async () => {
    const { store, during } = setup();
    const [done, asked] = await during(() => store.invalidate(['a', 'b'], 'soft'));
    expect(done).toBe(true);
    expect(asked).toEqual(['set g', 'getMany g', 'set t', 'set t', 'getMany t t']);
    expect(await during(() => store.invalidate([], 'hard'))).toEqual([true, []]);
  });

  it('writes again what was not written, three times, and then says so', async () => {
    const { chaos, store, during } = setup();
    let lies = 0;
    chaos.fault = (operation, keys) =>
      operation === 'set' && kind(keys[0] ?? '') === 't' && lies-- > 0 ? 'lie' : undefined;
    lies = 2;
    expect(await store.invalidate(['a'], 'hard')).toBe(true);
    lies = 3;
    const [done, asked] = await during(() => store.invalidate(['a'], 'hard'));
    expect(done).toBe(false);
    expect(asked.filter((command) => command === 'set t').length).toBe(3);
  });

  it('does not take a missing nonce for a new one: some stores answer a failed read like that', async () => {
    const { store, failing } = setup();
    await fill(store, 'a');
    failing('lie');
    expect(await store.invalidate(['a'], 'hard')).toBe(false);
    failing(undefined);
    expect(validity(await begin(store))).toBe('valid');
  });

  it('asks a store that fails no more', async () => {
    const { chaos, store, during } = setup();
    chaos.fault = (operation, keys) => (operation === 'set' && kind(keys[0] ?? '') === 't' ? 'reject' : undefined);
    const tags = Array.from({ length: 500 }, (_, i) => `t${i}`);
    const [done, asked] = await during(() => store.invalidate(tags, 'hard'));
    expect(done).toBe(false);
    expect(asked.filter((command) => command === 'set t').length).toBe(64);
  });

  it('says false for the tags that were not replaced, and true for the others of the same batch', async () => {
    const { chaos, store } = setup();
    let bad = '';
    chaos.fault = (operation, keys) => (operation === 'set' && keys[0] === bad ? 'lie' : undefined);
    await store.invalidate(['bad'], 'hard');
    bad = [...chaos.data.keys()].find((key) => kind(key) === 't') ?? '';
    const first = store.invalidate(['first'], 'hard');
    const batch = [store.invalidate(['good'], 'hard'), store.invalidate(['good', 'bad'], 'hard')];
    expect(await Promise.all([first, ...batch])).toEqual([true, true, false]);
  });

  it('sends what arrives meanwhile together, and all of it is done', async () => {
    const { store, join, during } = setup();
    for (let i = 0; i < 100; i++) await fill(store, `t${i}`);
    const tags = Array.from({ length: 100 }, (_, i) => `t${i}`);
    const [done, asked] = await during(() => Promise.all(tags.map((tag) => store.invalidate([tag], 'hard'))));
    expect(done).toEqual(tags.map(() => true));
    expect(asked.filter((command) => command === 'set g').length).toBe(2);
    const others = [join(), join(), join()];
    const fought = await Promise.all(others.flatMap((other) => tags.map((tag) => other.invalidate([tag], 'hard'))));
    expect(fought.every(Boolean)).toBe(true);
  });

  it('never has more under way than its share, however many tags it is given', async () => {
    const { chaos, clock, join } = setup();
    const guard = guarded(chaos, { clock });
    const store = nonceProtocol(guard, 'app');
    let most = 0;
    chaos.step = async () => {
      most = Math.max(most, guard.health().outstanding);
    };
    const tags = Array.from({ length: 1000 }, (_, i) => `t${i}`);
    expect(await store.invalidate(tags, 'hard')).toBe(true);
    expect(most).toBe(64);
    await join().close();
  });
});

describe('a store that fails', () => {
  const faults: Fault[] = ['throw', 'reject', 'hang', 'late', 'lie', 'garbage'];

  it.each(faults)('rejects nowhere and keeps nobody waiting longer than a deadline: %s', async (fault) => {
    const { clock, store, failing } = setup();
    const begun = await begin(store);
    failing(fault);
    const asked = Promise.all([
      begin(store),
      commit(store, begun, ['a']),
      store.check([{ tag: 'a', stamp: 'x'.repeat(22) }]),
      store.mark('page', new Uint8Array(1), 1000),
      store.invalidate(['a'], 'hard'),
    ]);
    await clock.advanceAsync(50);
    const [read, verdict, checked, marked, invalidated] = await asked;
    expect(read.found).toBeUndefined();
    expect(verdict.kind).not.toBe('stored');
    expect(checked).not.toBe('valid');
    expect(marked).toBe(fault === 'lie');
    expect(invalidated).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  it('gives no token when it does not answer', async () => {
    const { store, failing } = setup();
    failing('reject');
    expect(await begin(store)).toEqual({ token: undefined, found: undefined });
  });

  it('shows its health, and is closed with the protocol', async () => {
    const { chaos, store, failing } = setup({ breaker: { failures: 1 } });
    expect(store.health()).toEqual({ state: 'up', outstanding: 0, failures: 0 });
    failing('reject');
    await begin(store);
    expect(store.health()).toEqual({ state: 'down', outstanding: 0, failures: 1 });
    await store.close();
    expect(chaos.closed).toBe(1);
    expect(store.name).toBe('chaos');
  });
});
