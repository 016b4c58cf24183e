import { describe, expect, it } from '@jest/globals';
import type { LocalItem } from '../engine/local-item.js';
import { TagTable } from '../invalidation/tag-table.js';
import { earlyEndOf } from './early-end.js';

const clock = { monotonic: () => 1_000 };
const unread = { hasAnswered: false, wasOfUse: false, isOutdated: false, records: [], token: 0, checked: 0 };
const item = (more: Partial<LocalItem> = {}) =>
  ({ ...unread, target: 'GET http://h/cities/7', freshUntil: 2_000, ...more }) as LocalItem;

describe('how something ended before it has answered anybody', () => {
  it.each([
    ['evicted', 2_000, 'evicted'],
    ['expired', 2_000, 'expired'],
    ['replaced', 1_000, 'expired'],
    ['replaced', 2_000, undefined],
    ['deleted', 1_000, undefined],
  ] as const)('%s while fresh until %i: %s', (reason, freshUntil, end) => {
    expect(earlyEndOf(item({ freshUntil }), reason, new TagTable(), clock)).toBe(end);
  });

  it.each(['hasAnswered', 'wasOfUse'] as const)('is not told of what has answered: %s', (answered) => {
    expect(earlyEndOf(item({ [answered]: true }), 'evicted', new TagTable(), clock)).toBeUndefined();
  });

  it('is by an invalidation, if by any', () => {
    const tags = new TagTable();
    const records = [tags.retain('cities')];
    const declared = item({ records, token: tags.clock });
    const own = item({ token: tags.clock });
    tags.invalidate(['cities'], 'soft');
    expect(earlyEndOf(declared, 'evicted', tags, clock)).toBe('invalidated');
    expect(earlyEndOf(own, 'evicted', tags, clock)).toBe('evicted');
    expect(earlyEndOf(item({ isOutdated: true }), 'expired', tags, clock)).toBe('invalidated');
  });
});
