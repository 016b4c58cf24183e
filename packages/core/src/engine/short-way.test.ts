import { describe, expect, it } from '@jest/globals';
import { TagTable } from '../invalidation/tag-table.js';
import type { StoredResponse } from '../ports/stored-response.js';
import { MemoryStore } from '../stores/memory.js';
import { FakeClock } from '../testing/fake-clock.js';
import type { Keyed } from './keyed.js';
import { LocalItem } from './local-item.js';
import { ShortWay } from './short-way.js';
import { Shortcuts } from './shortcuts.js';
import { Trust } from './trust.js';
import { runInView, ViewContext } from './view-context.js';

/** The key of an item. */
const of = ({ target }: LocalItem): Keyed => ({ text: target, tags: [] });

/** Items in a store of two, on the short way. */
function opened(lifetimeMs = 1_000, lagMs = Number.POSITIVE_INFINITY) {
  const clock = new FakeClock();
  const tags = new TagTable();
  const store = new MemoryStore<LocalItem>({ clock, maxEntries: 2, onRemove: (_, item) => item.shortcut?.leave() });
  const trust = new Trust(clock, lagMs, 'bounded', () => tags.tick());
  const way = new ShortWay(store, tags, clock, trust);
  const shortcuts = new Shortcuts();
  const counters = { hits: 0, misses: 0, stored: 0, refused: 0, collapsed: 0, timeSavedMs: 0 };
  const put = (key: string): LocalItem => {
    const stored: StoredResponse = {
      ...{ key, status: 200, headers: [], removes: [], body: Buffer.alloc(0), selecting: [], tags: [], storedAt: 0 },
      ...{ lifetimeMs, etag: undefined, lastModified: undefined, route: '/', producerMs: 1, placeholders: [] },
    };
    const item = new LocalItem(stored, key, tags.clock, 0, clock.monotonic(), counters);
    item.held = { value: 'v', bytes: 1 };
    store.set(key, item, 1, lifetimeMs);
    return item;
  };
  const isOpen = (name: string): boolean => {
    const known = shortcuts.get(name);
    return known !== undefined && way.isOpen(known);
  };
  return { clock, tags, store, trust, way, shortcuts, put, isOpen };
}

describe('ShortWay', () => {
  it('is open to what is stored, fresh and unchanged', () => {
    const { clock, way, shortcuts, put, isOpen } = opened();
    way.note(shortcuts, 'a', of(put('key')));
    expect(isOpen('a')).toBe(true);
    clock.advance(999);
    expect(isOpen('a')).toBe(true);
    clock.advance(1);
    expect(isOpen('a')).toBe(false);
  });

  it('is closed whenever the local clock has moved, until the item was found unchanged', () => {
    const { tags, way, shortcuts, put, isOpen } = opened();
    const item = put('key');
    way.note(shortcuts, 'a', of(item));
    tags.invalidate(['other'], 'soft');
    expect(isOpen('a')).toBe(false);
    item.checked = tags.clock;
    way.note(shortcuts, 'a', of(item));
    expect(isOpen('a')).toBe(true);
  });

  it('is closed from when there are other processes', () => {
    const { trust, tags, way, shortcuts, put, isOpen } = opened();
    const item = put('key');
    way.note(shortcuts, 'a', of(item));
    trust.limitTo(100);
    item.checked = tags.clock;
    way.note(shortcuts, 'a', of(item));
    expect(isOpen('a')).toBe(false);
    const shared = opened(1_000, 100);
    shared.way.note(shared.shortcuts, 'a', of(shared.put('key')));
    expect(shared.shortcuts.get('a')).toBeUndefined();
  });

  it('counts a use', () => {
    const { store, way, shortcuts, put, isOpen } = opened();
    for (const key of ['a', 'b']) way.note(shortcuts, key, of(put(key)));
    expect(isOpen('a')).toBe(true);
    put('c');
    expect([store.peek('a') === undefined, store.peek('b') === undefined]).toEqual([false, true]);
  });

  it('forgets what has left the store, and never takes what stands in its place for it', () => {
    const { store, way, shortcuts, put, isOpen } = opened();
    const item = put('a');
    way.note(shortcuts, 'a', of(item));
    const known = shortcuts.get('a');
    store.delete('a');
    expect(shortcuts.get('a')).toBeUndefined();
    way.note(shortcuts, 'a', of(item));
    expect(shortcuts.get('a')).toBeUndefined();
    put('b');
    expect(known !== undefined && way.isOpen(known)).toBe(false);
    way.note(shortcuts, 'a', of(put('a')));
    expect(isOpen('a')).toBe(true);
  });

  it('is found by one name of an item, in one place, and not by a long one', () => {
    const { way, shortcuts, put } = opened();
    const item = put('a');
    way.note(shortcuts, 'x'.repeat(65), of(item));
    expect(item.shortcut).toBeUndefined();
    way.note(shortcuts, 7, of(item));
    way.note(shortcuts, '7', of(item));
    way.note(new Shortcuts(), 7, of(item));
    expect([shortcuts.get(7) === item.shortcut, shortcuts.get('7')]).toEqual([true, undefined]);
  });

  it('keeps no namespace that has nothing in it', () => {
    const { store, way, put } = opened();
    const spaces = new Map<string, Shortcuts>();
    way.note(new Shortcuts(spaces, 'a:'), 'k', of(put('k')));
    expect([...spaces.keys()]).toEqual(['a:']);
    store.delete('k');
    expect(spaces.size).toBe(0);
  });

  it('is closed within a view that may still be told of something, and to nobody else', () => {
    const { way, shortcuts, put, isOpen } = opened();
    way.note(shortcuts, 'a', of(put('a')));
    const [inner, other] = [new ViewContext(), new ViewContext()];
    runInView(other, () => {});
    expect(isOpen('a')).toBe(true);
    runInView(inner, () => {
      other.end();
      other.end();
      expect(isOpen('a')).toBe(false);
      inner.end();
      expect(isOpen('a')).toBe(true);
    });
    expect(isOpen('a')).toBe(true);
  });
});
