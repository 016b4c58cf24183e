import { describe, expect, it } from '@jest/globals';
import { frameCodec } from '../codecs/frame.js';
import { RetryQueue } from '../invalidation/retry-queue.js';
import { TagTable } from '../invalidation/tag-table.js';
import type { StoredResponse } from '../ports/stored-response.js';
import type { BeginRead, CommitVerdict, Put, TaggedStore } from '../ports/tagged-store.js';
import { FakeClock } from '../testing/fake-clock.js';
import { candidate, openEngine } from './engine.test.support.js';

const key = { text: 'k', tags: ['all', 'own'] };
const NOTHING: BeginRead = { token: {}, found: undefined };

/** An engine over a store that keeps what it was told, and answers at once with what the test has laid out. */
function world() {
  const clock = new FakeClock();
  const tags = new TagTable();
  const puts: Put[] = [];
  const invalidated: string[] = [];
  const asked: string[][] = [];
  const laid = {
    read: NOTHING,
    verdict: { kind: 'unavailable' } as CommitVerdict,
    isHeard: true,
    beforeAnswer: () => {},
  };
  const store: TaggedStore = {
    name: 'laid out',
    begin: async (text) => {
      asked.push([text]);
      return laid.read;
    },
    beginMany: async (keys) => {
      asked.push([...keys]);
      laid.beforeAnswer();
      return keys.map(() => laid.read);
    },
    check: async () => 'valid',
    commit: async () => laid.verdict,
    commitMany: async (fills) => fills.map(() => laid.verdict),
    putMany: async (given) => {
      puts.push(...given);
      return given.map(() => laid.verdict);
    },
    mark: async () => true,
    invalidate: async (names) => {
      if (laid.isHeard) invalidated.push(...names);
      return laid.isHeard;
    },
    health: () => ({ state: 'up', outstanding: 0, failures: 0 }),
    close: async () => {},
  };
  const unheard = new RetryQueue((names, mode) => store.invalidate(names, mode), clock);
  const { engine } = openEngine({ clock, tags, shared: { store, codec: frameCodec(), unheard } });
  const found = (validity: 'valid' | 'unavailable'): BeginRead => ({
    token: {},
    found: { kind: 'response', validity, response: stored },
  });
  const stored: StoredResponse = {
    ...candidate('one'),
    key: 'k',
    selecting: [],
    storedAt: clock.now(),
    tags: key.tags.map((tag) => ({ tag, stamp: '1' })),
  } as StoredResponse;
  const write = async (onlyIf: Put['onlyIf'], since?: { local: number; shared: object | undefined }) =>
    (await engine.values.writeMany([{ key, ownTag: 'own', candidate: candidate('two'), onlyIf, since }]))[0];
  return { clock, tags, puts, invalidated, asked, laid, unheard, engine, found, write };
}

describe('what is put over a shared store (PROTOCOL 4.11)', () => {
  it('is still good until one of its tags is invalidated here, and not for another put of its key', async () => {
    const { tags, puts, write } = world();
    await write('always');
    const [put] = puts;
    expect(put?.isStillGood?.()).toBe(true);
    tags.invalidate(['own'], 'soft');
    expect(put?.isStillGood?.()).toBe(true);
    tags.invalidate(['own'], 'hard');
    expect(put?.isStillGood?.()).toBe(false);
    await write('always');
    expect(puts[1]?.isStillGood?.()).toBe(true);
    tags.invalidate(['all'], 'soft');
    expect(puts[1]?.isStillGood?.()).toBe(false);
  });

  it('only where nothing has changed is not put, nor invalidated, by who could read nothing', async () => {
    const { clock, tags, puts, invalidated, unheard, write } = world();
    expect(await write('unchanged', { local: tags.clock, shared: undefined })).toBe('unavailable');
    await clock.advanceAsync(1_000);
    expect([puts, invalidated, unheard.isPending(['own'])]).toEqual([[], [], false]);
  });

  it('is invalidated where it was given up, but not what was to be swapped', async () => {
    const { clock, tags, invalidated, write } = world();
    expect(await write('unchanged', { local: tags.clock, shared: {} })).toBe('unavailable');
    await clock.advanceAsync(1_000);
    expect(invalidated).toEqual([]);
    expect(await write('always')).toBe('unavailable');
    await clock.advanceAsync(1_000);
    expect(invalidated).toEqual(['own']);
  });

  it('and is refused makes what was there invalid, but where it was to be swapped', async () => {
    const { laid, tags, invalidated, write } = world();
    laid.verdict = { kind: 'refused', tags: ['all'] };
    const before = tags.clock;
    expect(await write('unchanged', { local: before, shared: {} })).toBe('refused');
    expect([invalidated, tags.admits(['all'], before)]).toEqual([[], false]);
    expect(await write('always')).toBe('refused');
    expect(invalidated).toEqual(['own']);
  });

  it('reads what is there for a swap, whatever is under way; nothing where the store has not heard; no token where nobody can tell', async () => {
    const { laid, found, engine, unheard, tags } = world();
    laid.read = found('valid');
    const body = async () => (await engine.values.read(key)).item?.stored.body.toString();
    expect(await body()).toBe('one');
    let finish: (heard: readonly boolean[]) => void = () => {};
    const send = () => new Promise<readonly boolean[]>((resolve) => (finish = resolve));
    const done = unheard.deliverWith(['own'], tags.invalidate(['own'], 'soft'), send);
    expect(await body()).toBe('one');
    finish([false]);
    await done;
    expect(await body()).toBeUndefined();
    laid.read = found('unavailable');
    expect(await engine.values.read(key)).toMatchObject({ item: undefined, token: { shared: undefined } });
  });
});

it('reads of many that are asked for once more are in one round trip again', async () => {
  const { tags, asked, laid, found, engine } = world();
  laid.read = found('valid');
  laid.beforeAnswer = () => {
    if (asked.length === 1) tags.invalidate(['all'], 'soft');
  };
  const texts = Array.from({ length: 300 }, (_, i) => `k${i}`);
  const items = await engine.values.lookUpMany(texts.map((text) => ({ text, tags: ['all'] })));
  expect(items.map((item) => item?.stored.body.toString())).toEqual(texts.map(() => 'one'));
  expect(asked).toEqual([texts, texts]);
});
