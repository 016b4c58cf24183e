import { describe, expect, it } from '@jest/globals';
import { gate } from '../support/gate.js';
import { errorOf, openOn, stores, until } from './stores.js';

const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const fail = (): never => {
  throw new Error('asked');
};

/** What cannot be told of: whoever asks anything of it has an error. */
const odd: readonly (readonly [string, () => unknown])[] = [
  ['a proxy that was revoked', revoked],
  [
    'a proxy that answers nothing',
    () => new Proxy(new Error('x'), { get: fail, has: fail, getPrototypeOf: fail, ownKeys: fail }),
  ],
  ['what cannot be made text', () => ({ [Symbol.toPrimitive]: fail })],
  ['what has no prototype', () => Object.create(null)],
];

describe.each(stores)('a producer that fails with what cannot be told of, in %s', (_name, store) => {
  it.each(odd)('tells it to all who wait, and keeps nobody from asking again: %s', async (_what, make) => {
    const thrown = make();
    // Compared by hand, as what waits for it, or tells of it, would look into it.
    const isToldSo = (asked: Promise<unknown>): Promise<boolean> =>
      asked.then(
        () => false,
        (error) => error === thrown,
      );
    for (const way of ['at once', 'later']) {
      const { cache, events } = await openOn(store);
      const [begun, goOn] = [gate(), gate()];
      const produce = (): unknown => {
        begun.open();
        if (way === 'at once') throw thrown;
        return goOn.passed.then(() => Promise.reject(thrown));
      };
      const first = isToldSo(cache.getOrSet('k', produce, 60));
      await begun.passed;
      const second = way === 'later' ? isToldSo(cache.getOrSet('k', () => 'not run', 60)) : first;
      goOn.open();
      expect(await Promise.all([first, second])).toEqual([true, true]);
      expect(await cache.getOrSet('k', () => 'next', 60)).toBe('next');
      expect(events.filter(({ type }) => type === 'refused')).toMatchObject([{ reason: 'failed' }]);
    }
  });

  it('is told of behind an answer, and in cacheErrors', async () => {
    const { cache, jump, warnings } = await openOn(store);
    const cacheErrors = (): never => {
      throw revoked();
    };
    expect(await errorOf(cache.getOrSet('e', () => fail(), { ttl: 60, cacheErrors }))).toMatchObject({
      message: 'asked',
    });
    expect(warnings()).toEqual([expect.stringContaining('cacheErrors of (values) threw an object')]);
    const options = { ttl: 10, staleWhileRevalidate: 60 };
    await cache.getOrSet('k', () => 'old', options);
    jump(11_000);
    const refresh = async (): Promise<never> => {
      throw revoked();
    };
    expect(await cache.getOrSet('k', refresh, options)).toBe('old');
    await until(() => warnings().length > 1);
    expect(warnings()[1]).toContain('(values) could not be made new: an object');
  });
});
