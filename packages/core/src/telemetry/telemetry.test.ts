import { describe, expect, it } from '@jest/globals';
import { StoreFailedError } from '../base/store-errors.js';
import type { CacheEvent } from '../ports/event-sink.js';
import { Telemetry } from './telemetry.js';

const newlyStored = (route: string) => ({ key: 'k', route, lifetimeMs: 60_000, producerMs: 5 });

describe('Telemetry counts', () => {
  it('everything, over all and by route', () => {
    const telemetry = new Telemetry();
    const cities = telemetry.route('/cities/:id');
    telemetry.hit('k', cities, '/cities/:id', false, 12);
    telemetry.hit('k', cities, '/cities/:id', false, 12);
    telemetry.hit('k', cities, '/cities/:id', true, 5);
    telemetry.miss('k', 'uri-miss');
    telemetry.miss('k', 'stale');
    telemetry.miss('k', 'vary-miss');
    telemetry.miss('k', 'vary-miss');
    telemetry.withdrawn('vary-miss');
    telemetry.stored(newlyStored('/cities/:id'), 100, ['a']);
    telemetry.refused('k', '/cities/:id', 'private');
    telemetry.refused('k', '/other', 'private');
    telemetry.refused('k', '/other', 'set-cookie');
    telemetry.bypass('k', 'when');
    telemetry.bypass('k', 'method');
    telemetry.bypass('k', 'waiters');
    telemetry.emit({ type: 'invalidated', tags: ['a'], targets: [], mode: 'soft', durable: true });
    telemetry.emit({ type: 'removed', key: 'k', reason: 'evicted' });
    for (let i = 0; i < 2; i++) telemetry.emit({ type: 'removed', key: 'k', reason: 'expired' });
    telemetry.emit({ type: 'store-error', store: 'keyv', error: new Error('x') });
    telemetry.emit({ type: 'unreadable', key: 'k', reason: 'signature' });
    expect(telemetry.read(7, 700)).toEqual({
      hits: 2,
      collapsed: 1,
      misses: 3,
      stale: 1,
      outcomes: { hit: 2, collapsed: 1, 'uri-miss': 1, stale: 1, 'vary-miss': 1, bypass: 1, method: 1 },
      bypassed: 3,
      bypasses: { when: 1, method: 1, waiters: 1 },
      stored: 1,
      refused: { private: 2, 'set-cookie': 1 },
      invalidations: 1,
      evicted: 1,
      storeErrors: 1,
      unreadable: 1,
      entries: 7,
      bytes: 700,
      hitRatio: 0.5,
      timeSavedMs: 29,
      routes: {
        '/cities/:id': { hits: 2, collapsed: 1, misses: 2, stored: 1, refused: 1, timeSavedMs: 29 },
        '/other': { hits: 0, collapsed: 0, misses: 2, stored: 0, refused: 2, timeSavedMs: 0 },
      },
    });
  });

  it('a hit ratio of 0 before the first request', () => {
    expect(new Telemetry().read(0, 0).hitRatio).toBe(0);
  });

  it('into a snapshot that does not change afterwards', () => {
    const telemetry = new Telemetry();
    const route = telemetry.route('/a');
    const before = telemetry.read(0, 0);
    telemetry.hit('k', route, '/a', false, 1);
    telemetry.refused('k', '/a', 'view');
    expect([before.hits, before.refused, before.routes['/a']?.hits]).toEqual([0, {}, 0]);
  });

  it('at most 200 routes and the rest together, also where patterns are names of Object’s', () => {
    const telemetry = new Telemetry();
    telemetry.stored(newlyStored('__proto__'), 1, []);
    for (let i = 0; i < 1_000; i++) telemetry.stored(newlyStored(`/route-${i}`), 1, []);
    const { routes } = telemetry.read(0, 0);
    expect(Object.keys(routes)).toHaveLength(201);
    expect(routes['(other)']).toMatchObject({ stored: 801 });
    expect(telemetry.route('/route-0')).toBe(telemetry.route('/route-0'));
    expect(telemetry.route('/route-999')).toBe(telemetry.route('(other)'));
    expect(Object.hasOwn(routes, '__proto__')).toBe(true);
  });
});

describe('Telemetry tells', () => {
  const heard = (work: (telemetry: Telemetry) => void): CacheEvent[] => {
    const telemetry = new Telemetry();
    const events: CacheEvent[] = [];
    telemetry.listen((event) => events.push(event));
    work(telemetry);
    return events;
  };

  it('one event for each thing that happens', () => {
    const events = heard((telemetry) => {
      telemetry.hit('k', telemetry.route('/a'), '/a', true, 1);
      telemetry.miss('k', 'stale');
      telemetry.bypass('k', 'off');
      telemetry.stored(newlyStored('/a'), 9, ['t', 'u', 'u!bulk', '\0rows:u']);
      telemetry.refused('k', '/a', 'view');
      telemetry.emit({ type: 'warning', message: 'm' });
    });
    expect(events).toEqual([
      { type: 'hit', key: 'k', route: '/a', collapsed: true },
      { type: 'miss', key: 'k', fwd: 'stale' },
      { type: 'bypass', key: 'k', reason: 'off' },
      { type: 'stored', key: 'k', route: '/a', bytes: 9, tags: ['t', 'u'] },
      { type: 'refused', key: 'k', route: '/a', reason: 'view' },
      { type: 'warning', message: 'm' },
    ]);
  });

  it('of the failures of two servers of a store, each', () => {
    const told = heard((telemetry) => {
      for (const server of ['memcached a:11211', 'memcached b:11211', 'memcached a:11211'])
        telemetry.emit({
          type: 'store-error',
          store: 'memcached',
          error: new StoreFailedError(server, 'set', new Error('connect ECONNREFUSED')),
        });
    });
    expect(told.map((event) => event.type === 'store-error' && (event.error as StoreFailedError).store)).toEqual([
      'memcached a:11211',
      'memcached b:11211',
    ]);
  });

  it('the others also when one listener throws, and nobody who has ended it', () => {
    const telemetry = new Telemetry();
    const heardBy: string[] = [];
    telemetry.listen(() => {
      throw new Error('a listener’s bug');
    });
    const end = telemetry.listen(() => heardBy.push('first'));
    telemetry.listen(() => heardBy.push('second'));
    telemetry.miss('k', 'stale');
    end();
    end();
    telemetry.miss('k', 'stale');
    expect(heardBy).toEqual(['first', 'second', 'second']);
  });
});
