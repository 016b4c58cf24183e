import { describe, expect, it } from '@jest/globals';
import { createCache } from '../cache/create-cache.js';
import { defaultCache, restoreDefaultCache } from '../cache/default-cache.js';
import { homeOf } from '../cache/runtime.js';
import { isWatched } from '../cache/watched-sources.js';
import { runInView, ViewContext } from '../engine/view-context.js';
import { contextBegan, isTracking, readReason, recordRead, refuseRunning, unrecorded, watchedBy } from './index.js';

const cache = createCache();
const home = homeOf(cache) as object;
const reason = readReason('main', 'SELECT 1');

function contextOf(own: object = home): ViewContext {
  const context = new ViewContext();
  context.home = own;
  context.tracksReads = true;
  return context;
}

describe('recordRead', () => {
  it('does nothing where nothing runs that is cached', () => {
    recordRead(cache, ['a'], reason);
    refuseRunning('uncommitted-read');
    expect([isTracking(), contextBegan()]).toEqual([false, undefined]);
  });

  it('is heard by what runs, until it has ended', () => {
    const context = contextOf();
    runInView(context, () => {
      expect(isTracking()).toBe(true);
      recordRead(cache, ['a'], reason);
      context.end();
      expect(isTracking()).toBe(false);
      recordRead(cache, ['b'], reason);
      refuseRunning('uncommitted-read');
    });
    expect([[...context.tags], context.refusal]).toEqual([['a'], undefined]);
    runInView(context, () => expect(isTracking()).toBe(false));
  });

  it('is heard by nobody that has ended while another one runs', () => {
    const [context, other] = [contextOf(), contextOf()];
    other.begin();
    runInView(context, () => {
      context.end();
      recordRead(cache, ['a'], reason);
      refuseRunning('uncommitted-read');
    });
    expect([context.tags.size, context.refusal]).toEqual([0, undefined]);
    other.end();
  });

  it('makes no default cache', () => {
    restoreDefaultCache(undefined);
    const context = contextOf();
    runInView(context, () => recordRead(defaultCache(), ['a'], reason));
    expect([context.tags.size, homeOf(defaultCache())]).toEqual([0, undefined]);
    context.end();
  });
});

describe('unrecorded', () => {
  it('keeps from these caches what they have been told, then and later, and from no other one', async () => {
    const other = createCache();
    const context = contextOf();
    const read = async (): Promise<void> => {
      recordRead(cache, ['a'], reason);
      await undefined;
      recordRead(cache, ['b'], reason);
      recordRead(other, ['c'], reason);
    };
    await runInView(context, async () => {
      await unrecorded([cache], read);
      recordRead(cache, ['after'], reason);
    });
    expect([...context.tags]).toEqual(['after']);
    context.end();

    const [outer, inner] = [contextOf(homeOf(other)), contextOf()];
    await runInView(outer, () => {
      inner.outer = outer;
      return runInView(inner, () => unrecorded([cache], read));
    });
    expect([...inner.tags]).toEqual(expect.arrayContaining(['c']));
    for (const each of [inner, outer]) each.end();
    await other.close();
  });
});

describe('refuseRunning', () => {
  it('refuses what began after a moment, from the inside out', () => {
    const [outer, inner] = [contextOf(), contextOf()];
    runInView(outer, () => {
      const began = contextBegan() ?? 0;
      inner.outer = outer;
      runInView(inner, () => {
        expect(contextBegan()).toBeGreaterThan(began);
        refuseRunning('older-snapshot', began);
      });
    });
    expect([outer.refusal, inner.refusal]).toEqual([undefined, 'older-snapshot']);
    expect([outer.isSelected, inner.isSelected]).toEqual([false, true]);
    runInView(inner, () => refuseRunning('uncommitted-read'));
    expect([outer.refusal, inner.refusal]).toEqual(['uncommitted-read', 'older-snapshot']);
    for (const context of [inner, outer]) context.end();
  });
});

describe('watchedBy', () => {
  it('counts each watch by itself, and takes what is no cache for a mistake', () => {
    const ends = [watchedBy(cache), watchedBy(cache)];
    ends[0]?.();
    ends[0]?.();
    expect(isWatched(home)).toBe(true);
    ends[1]?.();
    expect(isWatched(home)).toBe(false);
    expect(() => watchedBy({} as never)).toThrow('cache');
  });
});
