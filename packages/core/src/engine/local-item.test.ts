import { describe, expect, it } from '@jest/globals';
import { TagTable } from '../invalidation/tag-table.js';
import type { RouteCounters } from '../ports/event-sink.js';
import type { StoredResponse } from '../ports/stored-response.js';
import { LocalItem } from './local-item.js';

const counters: RouteCounters = { hits: 0, misses: 0, stored: 0, refused: 0, collapsed: 0, timeSavedMs: 0 };

function itemWith(tags: readonly string[], more: Partial<StoredResponse> = {}, target = 'key'): LocalItem {
  const stored: StoredResponse = {
    ...{ key: 'key', status: 200, headers: [], removes: [], body: Buffer.alloc(0), selecting: [], tags: [] },
    ...{ storedAt: 0, lifetimeMs: 1, etag: undefined, lastModified: undefined, route: '/', producerMs: 1 },
    ...{ placeholders: [], ...more },
  };
  const item = new LocalItem(stored, target, 0, 0, 0, counters);
  const table = new TagTable();
  item.records = tags.map((tag) => table.retain(tag));
  return item;
}

const bare = itemWith([]).weight;
const over = (item: LocalItem): number => item.weight - bare;

describe('LocalItem.weight', () => {
  it('counts body, headers, and both bytes of a character of the key', () => {
    expect(over(itemWith([], { body: Buffer.alloc(100) }))).toBe(100);
    expect(over(itemWith([], { headers: ['A', 'b'.repeat(9)] }))).toBe(10);
    expect(over(itemWith([], { key: 'k'.repeat(13) }, 'k'.repeat(13)))).toBe(20);
  });

  it('counts the target a variant is remembered under beside its own key', () => {
    expect(over(itemWith([], {}, 'other'))).toBe(10);
  });

  it('counts each declared tag, its record and its text', () => {
    const rows = Array.from({ length: 64 }, (_, i) => `city#${1000 + i}`);
    expect(over(itemWith(rows))).toBe(64 * (180 + 2 * 9));
    expect(over(itemWith(['x'.repeat(256)]))).toBe(180 + 512);
  });

  it('counts the stamps of a shared store', () => {
    expect(over(itemWith([], { tags: [{ tag: 't', stamp: 'x'.repeat(20) }] }))).toBe(80);
  });
});
