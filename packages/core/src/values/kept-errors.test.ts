import { describe, expect, it } from '@jest/globals';
import { Trust } from '../engine/trust.js';
import { TagTable } from '../invalidation/tag-table.js';
import { FakeClock } from '../testing/fake-clock.js';
import { KeptErrors } from './kept-errors.js';
import { ROOT, ValueKey } from './value-key.js';

function opened(lagMs = Number.POSITIVE_INFINITY, consistency: 'bounded' | 'strict' = 'bounded') {
  const [tags, clock] = [new TagTable(), new FakeClock()];
  const trust = new Trust(clock, lagMs, consistency);
  const errors = new KeptErrors(tags, clock, trust);
  const key = new ValueKey(ROOT, 'k', undefined);
  const keep = (token = tags.clock, more: readonly string[] = []) =>
    errors.keep(
      key,
      { error: 'boom', token, startedAt: clock.monotonic(), tags: [...key.tags, ...more], nested: [] },
      1_000,
    );
  return { tags, clock, trust, errors, key, keep };
}

describe('KeptErrors', () => {
  it('keeps an error for so long', () => {
    const { clock, errors, key, keep } = opened();
    expect(errors.find(key)).toBeUndefined();
    keep();
    clock.advance(999);
    expect(errors.find(key)?.error).toBe('boom');
    clock.advance(1);
    expect(errors.find(key)).toBeUndefined();
  });

  it.each(['soft', 'hard'] as const)('knows one no more whose key or tag was invalidated (%s)', (mode) => {
    for (const tag of ['t', new ValueKey(ROOT, 'k', undefined).ownTag]) {
      const { tags, errors, key, keep } = opened();
      keep(tags.clock, ['t']);
      tags.invalidate(['other'], mode);
      expect(errors.find(key)?.error).toBe('boom');
      tags.invalidate([tag], mode);
      expect(errors.find(key)).toBeUndefined();
    }
  });

  it('is believed for no longer than L1 where others write, unless all that they do is heard', () => {
    for (const isHeard of [false, true]) {
      const { clock, trust, errors, key, keep } = opened(100);
      clock.advance(1);
      keep();
      clock.advance(100);
      expect(errors.find(key)?.error).toBe('boom');
      clock.advance(1);
      if (isHeard) trust.heardUpTo(clock.monotonic());
      expect(errors.find(key)?.error).toBe(isHeard ? 'boom' : undefined);
    }
    const strict = opened(100, 'strict');
    strict.keep();
    expect(strict.errors.find(strict.key)).toBeUndefined();
  });

  it('gives way to a value that was made after it, and to no other one', () => {
    const { clock, errors, key, keep } = opened();
    clock.advance(10);
    keep();
    errors.outlive(key, clock.monotonic() - 1);
    expect(errors.find(key)?.error).toBe('boom');
    errors.outlive(key, clock.monotonic() + 1);
    expect(errors.find(key)).toBeUndefined();
  });

  it('takes none for good whose producer began before an invalidation', () => {
    const { tags, errors, key, keep } = opened();
    const before = tags.clock;
    tags.invalidate(['t'], 'soft');
    keep(before, ['t']);
    expect(errors.find(key)).toBeUndefined();
  });

  it('forgets one that is told of, and the oldest past a thousand', () => {
    const { tags, errors, key, keep } = opened();
    keep();
    errors.forget(key);
    expect(errors.find(key)).toBeUndefined();
    keep();
    for (let i = 0; i < 1_000; i++) {
      const other = new ValueKey(ROOT, `other${i}`, undefined);
      errors.keep(other, { error: i, token: tags.clock, startedAt: 0, tags: other.tags, nested: [] }, 1_000);
    }
    expect(errors.find(key)).toBeUndefined();
    expect(errors.find(new ValueKey(ROOT, 'other0', undefined))?.error).toBe(0);
  });
});
