import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisServer } from '../servers/redis.js';
import {
  commit,
  connected,
  fill,
  frames,
  libraries,
  look,
  type RedisStore,
  responseOf,
  seen,
  type TagStamp,
} from './redis-setup.js';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());
beforeEach(() => server.command('FLUSHALL'));

const single = () => ({ form: 'single', url: server.url }) as const;
const keysOf = async (pattern = '*'): Promise<string[]> => ((await server.command('KEYS', pattern)) as string[]).sort();
const tagKey = async (): Promise<string> => (await keysOf('{test}:t:*'))[0] ?? 'no tag';

describe.each(libraries)('a store on Redis with %s (PROTOCOL 4.3, 4.6, 4.8)', (_name, library) => {
  let store: RedisStore;
  let other: RedisStore;
  beforeEach(async () => {
    store = await connected(single(), {}, library);
    other = await connected(single(), {}, library);
  });

  it('hands out what was committed, to every process, with its bytes as they were', async () => {
    const body = randomBytes(100_000);
    expect(await seen(store, 'k')).toBe('nothing');
    expect(await fill(store, 'k', body, ['key k', 'a'])).toBe('stored');
    const { found } = await look(other, 'k');
    expect(found?.kind === 'response' && found.validity).toBe('valid');
    expect(found?.kind === 'response' && found.response.body.equals(body)).toBe(true);
  });

  it('asks one command for a hit, once it knows the tags', async () => {
    await fill(store, 'k', 'v', ['key k', 'a', 'b']);
    expect(await seen(other, 'k')).toBe('valid v');
    await server.command('CONFIG', 'RESETSTAT');
    for (let i = 0; i < 5; i++) expect(await seen(other, 'k')).toBe('valid v');
    const counts = await server.commandCounts();
    // Whether the server is still there is asked beside, once a second.
    for (const own of ['ping', 'config|resetstat', 'info']) counts.delete(own);
    expect(Object.fromEntries(counts)).toEqual({ mget: 5 });
  });

  describe('a token for a write (PROTOCOL 4.11)', () => {
    const tags = ['key k', 'a'];
    const put = async (token: object | undefined): Promise<string> => {
      const encode = (stamps: readonly TagStamp[]) => frames.encode(responseOf('k', 'v', stamps));
      const given = { key: 'k', token, ttlMs: 60_000, encode, ownTag: 'key k', onlyIf: 'always' as const };
      const [verdict] = await store.putMany([{ ...given, tags: tags.map((tag) => ({ tag, stamp: '' })) }]);
      return verdict?.kind ?? 'none';
    };

    it('holds whatever else is invalidated, of tags that nobody had heard of', async () => {
      const token = await store.beginWrite?.(tags);
      await other.invalidate(['something else'], 'soft');
      expect(await put(token)).toBe('stored');
      expect(await seen(other, 'k')).toBe('valid v');
    });

    it.each([
      ['one of them is invalidated', () => other.invalidate(['a'], 'soft')],
      ['another one is put', async () => put(await store.beginWrite?.(tags))],
      [
        'one of them, and its history, is lost',
        async () => {
          await server.command('DEL', await tagKey());
          await other.invalidate(['something else'], 'soft');
        },
      ],
      ['everything is lost', () => server.command('FLUSHALL')],
    ])('holds no more when %s', async (_what, meanwhile) => {
      const token = await store.beginWrite?.(tags);
      await meanwhile();
      expect(await put(token)).toBe('refused');
    });

    it('makes nothing that was invalid valid again', async () => {
      await fill(store, 'k', 'v', tags);
      await other.invalidate(['a'], 'hard');
      for (const key of await keysOf('{test}:t:*')) await server.command('DEL', key);
      await store.beginWrite?.(tags);
      expect(await seen(other, 'k')).toBe('gone v');
    });
  });

  it('is stale after an invalidation, and gone after a purge', async () => {
    await fill(store, 'k', 'v', ['key k', 'a']);
    expect(await other.invalidate(['a'], 'soft')).toBe(true);
    expect(await seen(store, 'k')).toBe('stale v');
    expect(await other.invalidate(['a'], 'hard')).toBe(true);
    expect(await seen(store, 'k')).toBe('gone v');
    expect(await other.invalidate(['a'], 'soft')).toBe(true);
    expect(await seen(store, 'k')).toBe('gone v');
    expect(await fill(store, 'k', 'w', ['key k', 'a'])).toBe('stored');
    expect(await seen(other, 'k')).toBe('valid w');
  });

  it('hears of any number of invalidations at once, and of each', async () => {
    const tags = Array.from({ length: 1_000 }, (_, i) => `row#${i}`);
    await fill(store, 'k', 'v', ['key k', 'row#999']);
    const patient = await connected(single(), { deadlineMs: 40_000 }, library);
    for (const holdMs of [0, 10]) {
      const heard = await Promise.all(tags.map((tag) => patient.invalidate([tag], 'soft', holdMs)));
      expect(heard.every(Boolean)).toBe(true);
    }
    expect(await seen(store, 'k')).toBe('stale v');
    expect(patient.health()).toMatchObject({ failures: 0, state: 'up' });
  });

  it('refuses what was read before an invalidation, and says of which tags', async () => {
    await fill(store, 'k', 'v', ['key k', 'a', 'b', 'c']);
    const begun = await look(store, 'k');
    await other.invalidate(['b', 'c', 'unknown'], 'soft');
    expect(await commit(store, begun, 'k', 'w', ['key k', 'a', 'b', 'c'])).toEqual({
      kind: 'refused',
      tags: ['b', 'c'],
    });
    expect(await fill(store, 'k', 'w', ['key k', 'a', 'b', 'c'])).toBe('stored');
  });

  it('refuses a tag that is new, if anything was invalidated meanwhile', async () => {
    const begun = await look(store, 'k');
    await other.invalidate(['something else'], 'soft');
    expect(await commit(store, begun, 'k', 'v', ['key k', 'new'])).toEqual({ kind: 'refused', tags: ['key k', 'new'] });
    expect(await fill(store, 'k', 'v', ['key k', 'new'])).toBe('stored');
  });

  it('lets a nested result keep its stamps, and the older of two count (PROTOCOL 4.9)', async () => {
    await fill(store, 'inner', 'i', ['key inner', 'a']);
    const { found } = await look(store, 'inner');
    const inner = found?.kind === 'response' ? found.response.tags : [];
    await other.invalidate(['something else'], 'soft');
    const kept = await commit(store, await look(store, 'outer'), 'outer', 'o', ['key', ...inner, 'a']);
    expect(kept.kind === 'stored' && kept.tags.map(({ tag, stamp }) => `${tag} ${stamp.split(':')[1]}`)).toEqual([
      'key 1',
      'key inner 0',
      'a 0',
    ]);
    await other.invalidate(['a'], 'soft');
    const begun = await look(store, 'outer');
    expect(await commit(store, begun, 'outer', 'o', ['key', ...inner])).toEqual({ kind: 'refused', tags: ['a'] });
    expect(await commit(store, begun, 'outer', 'o', ['key', 'a', ...inner])).toMatchObject({ kind: 'refused' });
    expect(await commit(store, begun, 'outer', 'o', ['key', 'a'])).toMatchObject({ kind: 'stored' });
    const era = { tag: 'a', stamp: 'ffffffffffff:0' };
    expect(await commit(store, begun, 'outer', 'o', ['key', era])).toMatchObject({ kind: 'refused' });
    expect(await commit(store, begun, 'outer', 'o', [{ tag: 'a', stamp: 'nonsense' }])).toMatchObject({
      kind: 'refused',
    });
  });

  it('checks tags without a body', async () => {
    const verdict = await commit(store, await look(store, 'k'), 'k', 'v', ['key k', 'a']);
    const tags = verdict.kind === 'stored' ? verdict.tags : [];
    expect(tags).toHaveLength(2);
    expect(await other.check(tags)).toBe('valid');
    await store.invalidate(['a'], 'soft');
    expect(await other.check(tags)).toBe('stale');
    await store.invalidate(['a'], 'hard');
    expect(await other.check(tags)).toBe('gone');
    expect(await other.check([])).toBe('valid');
  });

  it('knows nothing any more after FLUSHALL, and goes on', async () => {
    await fill(store, 'k', 'v', ['key k']);
    const begun = await look(store, 'k');
    await server.command('FLUSHALL');
    expect(await commit(store, begun, 'k', 'w', ['key k'])).toEqual({ kind: 'refused', tags: ['key k'] });
    expect(await seen(other, 'k')).toBe('nothing');
    expect(await fill(other, 'k', 'w', ['key k'])).toBe('stored');
    expect(await seen(store, 'k')).toBe('valid w');
  });

  it('takes a lost tag for a purged one, and its successor for a new one', async () => {
    await fill(store, 'k', 'v', ['a']);
    await server.command('DEL', await tagKey());
    expect(await seen(store, 'k')).toBe('gone v');
    await other.invalidate(['a'], 'soft');
    expect(await keysOf('{test}:t:*')).toEqual([]);
    expect(await fill(other, 'k2', 'v2', ['a'])).toBe('stored');
    expect(await seen(store, 'k')).toBe('gone v');
    expect(await seen(store, 'k2')).toBe('valid v2');
  });

  it('lets a lost sequence begin another era', async () => {
    await fill(store, 'k', 'v', ['a']);
    const begun = await look(store, 'k');
    await server.command('DEL', '{test}:seq');
    expect(await seen(store, 'k')).toBe('gone v');
    expect(await commit(store, begun, 'k', 'w', ['a'])).toMatchObject({ kind: 'refused' });
    expect(await fill(store, 'k', 'w', ['a'])).toBe('stored');
    expect(await seen(other, 'k')).toBe('valid w');
  });

  it.each(['', 'NaN', String(2 ** 53), String(2n ** 63n), 'a list', 'in the run and era, 2^53', 'and 2^63'])(
    'takes a sequence poisoned with %p for a missing one',
    async (poison) => {
      await fill(store, 'k', 'v', ['a']);
      const before = String(await server.command('GET', '{test}:seq'));
      const numbers: Record<string, string> = { 'in the run and era, 2^53': `${2 ** 53}`, 'and 2^63': `${2n ** 63n}` };
      await server.command('DEL', '{test}:seq');
      if (poison === 'a list') await server.command('LPUSH', '{test}:seq', 'x');
      else
        await server.command(
          'SET',
          '{test}:seq',
          poison in numbers ? before.replace(/\d+$/, numbers[poison] ?? '') : poison,
        );
      expect(await seen(store, 'k')).toBe('gone v');
      expect(await fill(other, 'k', 'w', ['a'])).toBe('stored');
      expect(await store.invalidate(['a'], 'soft')).toBe(true);
      expect(await seen(other, 'k')).toBe('stale w');
      expect(await server.command('GET', '{test}:seq')).toMatch(/^\w{12}:\w{12}:1$/);
    },
  );

  it.each(['a list', 'garbage', 'half a frame'])('takes %s for nothing, and writes over it', async (what) => {
    await fill(store, 'k', 'v', ['a']);
    const [name = ''] = await keysOf('test:e:*');
    if (what === 'half a frame') await server.command('SETRANGE', name, 9, 'xxxx');
    else await server.command('DEL', name);
    if (what === 'a list') await server.command('LPUSH', name, 'x');
    if (what === 'garbage') await server.command('SET', name, randomBytes(200));
    expect(await seen(store, 'k')).toBe('nothing');
    expect(await fill(store, 'k', 'w', ['a'])).toBe('stored');
    expect(await seen(other, 'k')).toBe('valid w');
  });

  it('takes a tag of another type, or one that is none, for a lost one', async () => {
    for (const [command, value] of [
      ['LPUSH', 'x'],
      ['SET', 'x'],
      ['SET', `${'f'.repeat(12)}:1:1:x`],
    ] as const) {
      await fill(store, 'k', 'v', ['a']);
      const name = await tagKey();
      await server.command('DEL', name);
      await server.command(command, name, value);
      expect(await seen(store, 'k')).toBe('gone v');
      expect(await store.invalidate(['a'], 'soft')).toBe(true);
      expect(await fill(other, 'k', 'w', ['a'])).toBe('stored');
      expect(await seen(store, 'k')).toBe('valid w');
    }
  });

  it('does not grow with invalidations of what nobody carries', async () => {
    await fill(store, 'k', 'v', ['a']);
    const before = await keysOf();
    const tags = Array.from({ length: 2_000 }, (_, i) => `unknown ${i}`);
    expect(await store.invalidate(tags, 'hard')).toBe(true);
    expect(await keysOf()).toEqual(before);
    expect(await seen(other, 'k')).toBe('valid v');
  });

  it('invalidates thousands of tags at once', async () => {
    await fill(store, 'k', 'v', ['tag 1999']);
    expect(
      await other.invalidate(
        Array.from({ length: 2_000 }, (_, i) => `tag ${i}`),
        'soft',
      ),
    ).toBe(true);
    expect(await seen(store, 'k')).toBe('stale v');
  });

  it('keeps a selecting marker', async () => {
    const frame = frames.encodeMarker('k', { selecting: ['accept'] });
    expect(await store.mark('k', frame, 1_000)).toBe(true);
    expect((await look(other, 'k')).found).toEqual({ kind: 'selecting', selecting: ['accept'] });
  });

  it('lets everything outlive what needs it, for ever included', async () => {
    for (const ttl of [200, 1_500.5, 31 * 86_400_000, 400 * 86_400_000, Number.POSITIVE_INFINITY]) {
      await commit(store, await look(store, 'k'), 'k', 'v', ['a'], ttl);
      const [entry = ''] = await keysOf('test:e:*');
      const ttls = await Promise.all(
        [entry, await tagKey(), '{test}:seq'].map(async (name) => Number(await server.command('PTTL', name))),
      );
      expect(ttls[0]).toBeGreaterThan(0);
      expect(ttls[0]).toBeLessThanOrEqual(Math.min(Math.ceil(ttl), 10 * 366 * 86_400_000));
      expect(ttls[1]).toBeGreaterThan(ttls[0] ?? 0);
      expect(ttls[2]).toBeGreaterThanOrEqual((ttls[1] ?? 0) - 1_000);
    }
    // A shorter one takes nothing back.
    await commit(store, await look(store, 'k'), 'k', 'v', ['a'], 100);
    expect(Number(await server.command('PTTL', await tagKey()))).toBeGreaterThan(86_400_000);
    await other.invalidate(['a'], 'soft');
    expect(Number(await server.command('PTTL', await tagKey()))).toBeGreaterThan(86_400_000);
    expect(Number(await server.command('PTTL', '{test}:seq'))).toBeGreaterThan(86_400_000);
  });

  it('forgets the scripts that a server has forgotten', async () => {
    await fill(store, 'k', 'v', ['a']);
    await server.command('SCRIPT', 'FLUSH');
    expect(await store.invalidate(['a'], 'soft')).toBe(true);
    expect(await fill(store, 'k', 'w', ['a'])).toBe('stored');
  });
});

describe('a data source that lags (PROTOCOL 4.6, hold)', () => {
  it('lets nothing be stored until it has caught up, and then invalidates once more', async () => {
    const store = await connected(single());
    const other = await connected(single());
    await fill(store, 'k', 'v', ['a']);
    expect(await store.invalidate(['a', 'unknown until now'], 'soft', 60_000)).toBe(true);
    expect(await seen(other, 'k')).toBe('stale v');
    // Read while the source may still lag: refused now and for good, a tag that nobody had before included.
    const begun = await look(other, 'k');
    const begunNew = await look(other, 'new');
    expect(await commit(other, begun, 'k', 'old', ['a'])).toEqual({ kind: 'refused', tags: ['a'] });
    expect(await commit(other, begunNew, 'new', 'old', ['unknown until now'])).toMatchObject({ kind: 'refused' });
    // An invalidation without a hold does not end it.
    await other.invalidate(['a'], 'soft');
    expect(await fill(other, 'k', 'old', ['a'])).toBe('refused');
    // The time comes: on the server's own clock, which is moved by moving what it is compared with.
    for (const name of await keysOf('{test}:t:*')) {
      const value = String(await server.command('GET', name));
      expect(value).toMatch(/^\w{12}:\d+:\d+:\d{13}$/);
      await server.command('SET', name, value.replace(/\d{13}$/, '1000000000000'), 'KEEPTTL');
    }
    const begunBefore = await look(other, 'k');
    expect(await commit(other, begunBefore, 'k', 'old', ['a'])).toEqual({ kind: 'refused', tags: ['a'] });
    expect(await commit(other, begunBefore, 'k', 'old', ['a'])).toEqual({ kind: 'refused', tags: ['a'] });
    expect(await fill(other, 'k', 'new', ['a'])).toBe('stored');
    expect(await seen(store, 'k')).toBe('valid new');
  });
});

describe('namespaces on one Redis', () => {
  it('neither see nor touch each other, whatever characters they are of', async () => {
    const names = ['a', 'a*', 'a{b}', '{a}', 'a:e', '[ab]', 'ä\r\n', 'x'.repeat(64), `${'x'.repeat(63)}y`];
    const stores = await Promise.all(names.map((namespace) => connected(single(), { namespace })));
    for (const [i, store] of stores.entries()) expect(await fill(store, 'k', names[i] ?? '', ['a'])).toBe('stored');
    await stores[1]?.invalidate(['a'], 'hard');
    const found = await Promise.all(stores.map((store) => seen(store, 'k')));
    expect(found).toEqual(names.map((name) => (name === 'a*' ? `gone ${name}` : `valid ${name}`)));
    for (const key of await keysOf()) expect(key).toMatch(/^[\x21-\x7e]{1,64}$/);
  });

  it('keep apart keys and tags of any length and content', async () => {
    const store = await connected(single());
    const keys = [
      '',
      ' ',
      'k\r\nGET x',
      'k\0',
      'k\0\0',
      'ключ',
      '🔑',
      'test:e:k',
      'u'.repeat(10_000),
      `${'u'.repeat(9_999)}v`,
    ];
    for (const key of keys) expect(await fill(store, key, `of ${key}`, [`key ${key}`, `tag ${key}`])).toBe('stored');
    for (const key of keys) expect(await seen(store, key)).toBe(`valid of ${key}`);
    await store.invalidate(['tag k\0'], 'soft');
    expect(await seen(store, 'k\0')).toBe('stale of k\0');
    expect(await seen(store, 'k\0\0')).toBe('valid of k\0\0');
  });
});
