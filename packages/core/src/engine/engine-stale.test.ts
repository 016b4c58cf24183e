import { describe, expect, it } from '@jest/globals';
import { urlTag } from '../invalidation/tags.js';
import { openEngine } from './engine.test.support.js';
import type { EngineLimits } from './engine-parts.js';

const world = (limits: Partial<EngineLimits> = {}) => openEngine({ limits });

describe('what is not fresh any more', () => {
  const stale = { whileRevalidateMs: 10_000, ifErrorMs: 20_000, revalidatableMs: 0 };

  it('is kept for as long as something may use it, and is no hit', () => {
    const { come, engine, clock } = world();
    const first = come();
    first.complete('one', { stale });
    const find = () => engine.findStale(first.key, [], first.fields);
    clock.advance(60_000);
    expect(come().log).toEqual(['led stale']);
    expect(find()).toMatchObject({ validity: 'valid', tags: ['t'] });
    clock.advance(19_999);
    expect(find()?.item.stored.body.toString()).toBe('one');
    clock.advance(1);
    expect(find()).toBeUndefined();
  });

  it('is kept no longer than its lifetime where nothing says what it would be good for', () => {
    const { come, engine, clock } = world();
    const first = come();
    first.complete('one');
    clock.advance(60_000);
    expect(engine.findStale(first.key, [], first.fields)).toBeUndefined();
  });

  it('reaches the leader with what was known by the read that took the token', () => {
    const { come, tags, clock } = world();
    come().complete('one', { stale });
    clock.advance(60_000);
    const leader = come();
    expect(leader.leads?.stale).toMatchObject({ validity: 'valid' });
    tags.invalidate(['t'], 'soft');
    leader.leads?.refuse('status', '/');
    clock.advance(2_001);
    expect(come().leads?.stale).toMatchObject({ validity: 'stale' });
  });

  it.each([
    ['a tag it declared', ['t']],
    ['a tag of its key', [urlTag('/')]],
  ])('is there for errors only after an invalidation of %s, and for nothing after a purge', (_what, named) => {
    const { come, tags } = world();
    come().complete('one', { stale });
    tags.invalidate(named, 'soft');
    const invalidated = come();
    expect(invalidated.log).toEqual(['led stale']);
    expect(invalidated.leads?.stale).toMatchObject({ validity: 'stale' });
    invalidated.complete('two', { stale });
    tags.invalidate(named, 'hard');
    expect(come().leads?.stale).toBeUndefined();
  });

  it('keeps the tags it was stored with, when it leaves L1 meanwhile', () => {
    const { come, engine, clock } = world();
    come().complete('one', { stale });
    clock.advance(60_000);
    const leader = come();
    clock.advance(20_000);
    expect(engine.findStale(leader.key, [], leader.fields)).toBeUndefined();
    expect(leader.leads?.stale?.tags).toEqual(['t']);
  });

  it('counts the age a response came with', () => {
    const { come, clock } = world();
    come().complete('one', { initialAgeMs: 50_000 });
    clock.advance(9_999);
    expect(come().log).toEqual(['hit one']);
    clock.advance(1);
    expect(come().log).toEqual(['led uri-miss']);
  });
});

describe('what has to be validated at each use (RFC 9111 §5.2.2.4)', () => {
  const noCache = { lifetimeMs: 0, stale: { whileRevalidateMs: 0, ifErrorMs: 0, revalidatableMs: 60_000 } };

  it('answers only who asked for it: the others ask for themselves, and not one behind the other', () => {
    const { come } = world();
    const leader = come();
    const others = [come(), come()];
    leader.complete('one', noCache);
    expect(others.map(({ log }) => log)).toEqual([['led miss'], ['led miss']]);
    expect(come().log).toEqual(['led stale']);
  });

  it('is there to be revalidated', () => {
    const { come, clock } = world();
    come().complete('one', noCache);
    clock.advance(3_000);
    const next = come();
    expect(next.log).toEqual(['led stale']);
    expect(next.leads?.stale).toMatchObject({ validity: 'valid' });
  });
});
