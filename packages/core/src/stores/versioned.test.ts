import { describe, expect, it } from '@jest/globals';
import { frameCodec } from '../codecs/frame.js';
import type { StoredResponse } from '../ports/stored-response.js';
import { empty } from '../ports/stored-response.test.support.js';
import { FakeClock } from '../testing/fake-clock.js';
import { guarded } from './guarded.js';
import { keyvStore } from './keyv.js';
import { nonceProtocol } from './nonce-protocol.js';
import { versioned } from './versioned.js';

const codec = frameCodec();
const page: StoredResponse = {
  ...empty,
  key: 'GET http://h/',
  status: 200,
  body: Buffer.from('page'),
  lifetimeMs: 60_000,
};

describe('releases on one shared store', () => {
  const setUp = () => {
    const map = new Map();
    const open = (version: string) => {
      const store = guarded(keyvStore(map), { clock: new FakeClock(), deadlineMs: 50 });
      return versioned(nonceProtocol(store, 'ns'), version);
    };
    return { one: open('v1'), two: open('v2'), again: open('v1'), none: open('') };
  };
  const begin = (store: ReturnType<typeof versioned>) =>
    store.begin(page.key, (bytes) => codec.decode(bytes, page.key));
  const put = async (store: ReturnType<typeof versioned>) => {
    await begin(store);
    const { token } = await begin(store);
    return store.commit({
      key: page.key,
      token: token as object,
      tags: [{ tag: 'a', stamp: '' }],
      ttlMs: 60_000,
      encode: (tags) => codec.encode({ ...page, tags }),
    });
  };
  const validity = async (store: ReturnType<typeof versioned>) => {
    const { found } = await begin(store);
    return found?.kind === 'response' ? found.validity : undefined;
  };

  it('find what their own version stored, and nothing else', async () => {
    const { one, two, again, none } = setUp();
    expect(await put(one)).toMatchObject({ kind: 'stored' });
    expect(await validity(again)).toBe('valid');
    expect(await validity(two)).toBeUndefined();
    expect(await validity(none)).toBeUndefined();
    await two.mark(page.key, codec.encodeMarker(page.key, { selecting: ['accept'] }), 60_000);
    expect(await validity(one)).toBe('valid');
  });

  it('hear of each other’s invalidations', async () => {
    const { one, two } = setUp();
    await put(one);
    await put(two);
    expect(await one.invalidate(['a'], 'soft')).toBe(true);
    expect(await validity(one)).toBe('gone');
    expect(await validity(two)).toBe('gone');
  });

  it('take leases of their own', async () => {
    const taken: string[] = [];
    const leases = {
      renewEveryMs: 500,
      take: async (key: string) => {
        taken.push(key);
        return { kind: 'open' } as const;
      },
    };
    const store = versioned({ ...setUp().none, leases }, 'v1');
    await store.leases?.take('k');
    await versioned({ ...setUp().none, leases }, 'v2').leases?.take('k');
    expect(new Set(taken).size).toBe(2);
    expect(store.leases?.renewEveryMs).toBe(500);
  });
});
