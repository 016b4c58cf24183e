import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { AutoPolicy } from '../../../packages/core/dist/eviction/auto.js';
import { createPolicy, type PolicyFactory, type PolicyName } from '../../../packages/core/dist/eviction/policies.js';
import { RandomPolicy } from '../../../packages/core/dist/eviction/random.js';
import { TinyLfuPolicy } from '../../../packages/core/dist/eviction/tinylfu.js';
import { generated, loop, seeded, sliding, zipf } from './generated.js';
import { replay } from './replay.js';
import type { Trace } from './trace.js';
import { findTraces, readTrace, type TraceFile } from './trace-files.js';

/** web07 and web12 of cache2k, © headissue GmbH, Jens Wilke, CC BY 4.0. */
const files = findTraces(fileURLToPath(new URL('../../traces/', import.meta.url)));
const fileOf = (name: string): TraceFile => files.find((file) => file.name === name) as TraceFile;
const web07 = readTrace(fileOf('web07'));
const web12 = readTrace(fileOf('web12'));

/** Those that draw draw the same each time. */
const drawing: Partial<Record<PolicyName, PolicyFactory>> = {
  auto: (limits) => new AutoPolicy(limits, { random: seeded(9) }),
  random: () => new RandomPolicy({ random: seeded(9) }),
  tinylfu: (limits) => new TinyLfuPolicy(limits, { random: seeded(9) }),
};
const hitsOf = (name: PolicyName, trace: Trace, size: number): number => {
  const create = drawing[name] ?? ((limits) => createPolicy(name, limits));
  return replay(create, trace, { maxEntries: size, maxBytes: size }).hits;
};
const percent = (hits: number, trace: Trace): string => ((100 * hits) / trace.ids.length).toFixed(2);

describe('policies on recorded web requests (cache2k)', () => {
  it('reads the traces whole', () => {
    expect([web07.ids.length, web07.unique]).toEqual([76_118, 20_484]);
    expect([web12.ids.length, web12.unique]).toEqual([95_607, 13_756]);
  });

  // Hit ratios in percent, as a second implementation has them too.
  it.each([
    ['web07', 75, { lru: '31.14', fifo: '29.15', mru: '7.22', lfu: '22.84', sieve: '34.38' }],
    ['web07', 500, { lru: '45.58', fifo: '42.75', mru: '8.82', lfu: '38.52', sieve: '48.50' }],
    ['web07', 1_000, { lru: '50.41', fifo: '47.69', mru: '10.68', lfu: '44.97', sieve: '53.25' }],
    ['web12', 150, { lru: '40.74', fifo: '38.59', mru: '6.89', lfu: '22.75', sieve: '41.58' }],
    ['web12', 1_000, { lru: '64.73', fifo: '60.82', mru: '12.67', lfu: '54.87', sieve: '68.23' }],
    ['web12', 3_000, { lru: '76.48', fifo: '72.99', mru: '24.08', lfu: '74.68', sieve: '78.18' }],
  ] as const)('%s, %d entries', (name, size, expected) => {
    const trace = name === 'web07' ? web07 : web12;
    const ratios = Object.keys(expected).map((policy) => [
      policy,
      percent(hitsOf(policy as PolicyName, trace, size), trace),
    ]);
    expect(Object.fromEntries(ratios)).toEqual(expected);
  });

  // To the hit: a change of these is a change of the policy.
  it.each([
    ['s3fifo', [26_997, 38_074, 41_187]],
    ['gdsf', [27_585, 37_223, 40_561]],
  ] as const)('%s on web07 with 75, 500 and 1,000 entries', (name, expected) => {
    expect([75, 500, 1_000].map((size) => hitsOf(name, web07, size))).toEqual(expected);
  });
});

describe('policies on a loop over half as much again as the store holds', () => {
  const trace = generated('loop', [loop(30_000, 1_500)]);

  it.each([
    ['lru', 0],
    ['fifo', 0],
    ['lfu', 0],
    ['sieve', 0],
    ['mru', 19_000],
  ] as const)('%s', (name, hits) => {
    expect(hitsOf(name, trace, 1_000)).toBe(hits);
  });

  it('tinylfu keeps most of what it has', () => {
    expect(hitsOf('tinylfu', trace, 1_000)).toBeGreaterThan(15_000);
  });
});

describe('policies on popular keys among many that are asked for once', () => {
  const trace = generated('zipf', [zipf(100_000, 20_000, 0.9)]);

  it('have the order that their papers say', () => {
    const hits = (name: PolicyName): number => hitsOf(name, trace, 500);
    expect(hits('lru')).toBeGreaterThan(hits('fifo'));
    for (const name of ['sieve', 's3fifo', 'tinylfu'] as const) expect(hits(name)).toBeGreaterThan(1.15 * hits('lru'));
    expect(hits('mru')).toBeLessThan(0.5 * hits('random'));
  });
});

/** The others are far behind everywhere here. */
const FIXED = ['lru', 'random', 's3fifo', 'tinylfu', 'sieve', 'gdsf'] as const;

describe('auto', () => {
  it.each([
    [web07, 500],
    [web12, 1_000],
  ])('comes within two points of the best fixed policy on recorded web requests, and above lru', (trace, size) => {
    const ratio = (name: PolicyName): number => hitsOf(name, trace, size) / trace.ids.length;
    const auto = ratio('auto');
    expect(auto).toBeGreaterThan(Math.max(...FIXED.map(ratio)) - 0.02);
    expect(auto).toBeGreaterThan(ratio('lru'));
  });

  it('is better than every fixed policy where the load changes its kind', () => {
    const phases = [zipf(60_000, 20_000, 0.9), loop(60_000, 3_000, 100_000), sliding(60_000, 3_000, 10, 200_000)];
    const trace = generated('shifting', [...phases, ...phases]);
    const best = Math.max(...FIXED.map((name) => hitsOf(name, trace, 2_000)));
    expect(hitsOf('auto', trace, 2_000)).toBeGreaterThan(best);
  });
});
