// The numbers that others have published, to the request: VIEWCACHE_TRACES names the folder with the traces.
import { describe, expect, it } from '@jest/globals';
import { createPolicy, type PolicyName } from '../../../packages/core/dist/eviction/policies.js';
import type { PolicyLimits } from '../../../packages/core/dist/ports/eviction-policy.js';
import { CASES } from './cases.js';
import { replay } from './replay.js';
import type { Trace } from './trace.js';
import { findTraces, readTrace } from './trace-files.js';

const folder = process.env['VIEWCACHE_TRACES'];
const files = folder === undefined ? [] : findTraces(folder);

function traceNamed(name: string): Trace {
  const file = files.find((each) => each.name === name);
  if (file === undefined) throw new Error(`VIEWCACHE_TRACES (${folder}) has no ${name}`);
  return readTrace(file);
}

const run = (name: PolicyName, trace: Trace, limits: PolicyLimits) =>
  replay((most) => createPolicy(name, most), trace, limits);
const percent = (name: PolicyName, trace: Trace, size: number): string =>
  ((100 * run(name, trace, { maxEntries: size, maxBytes: size }).hits) / trace.ids.length).toFixed(2);

if (folder === undefined) {
  it('has nothing to do where VIEWCACHE_TRACES names no folder', () => expect(files).toEqual([]));
} else {
  describe('OLTP (ARC paper; ratios of bitfaster/BitFaster.Caching #132)', () => {
    it('lru', () => {
      const trace = traceNamed('OLTP');
      expect([trace.ids.length, trace.unique]).toEqual([914_145, 186_880]);
      const ratios = [250, 500, 750, 1_000, 1_250, 1_500, 1_750, 2_000].map((size) => percent('lru', trace, size));
      expect(ratios).toEqual(['16.47', '23.45', '28.28', '32.83', '36.21', '38.70', '40.79', '42.47']);
    });
  });

  describe('scarab-recs, 100,000 entries (ben-manes/caffeine #106)', () => {
    it('lru and lfu', () => {
      const trace = traceNamed('scarab-recs');
      expect([percent('lru', trace, 100_000), percent('lfu', trace, 100_000)]).toEqual(['75.91', '73.95']);
    });
  });

  describe('cloudPhysicsIO by bytes, 128 MiB to 1 GiB (misses of libCacheSim, test/test_evictionAlgo.c)', () => {
    const misses = (name: PolicyName): number[] => {
      const trace = traceNamed('cloudPhysicsIO');
      return [1, 2, 3, 4, 5, 6, 7, 8].map(
        (eighth) => run(name, trace, { maxEntries: 1_000_000, maxBytes: eighth * 2 ** 27 }).misses,
      );
    };

    it.each([
      ['lru', [93_374, 89_783, 83_572, 81_722, 72_494, 72_104, 71_972, 71_704]],
      ['fifo', [93_403, 89_386, 84_387, 84_025, 72_498, 72_228, 72_182, 72_140]],
      ['lfu', [91_699, 86_720, 78_578, 76_707, 69_945, 66_221, 64_445, 64_376]],
      ['sieve', [91_699, 86_720, 78_578, 76_707, 69_945, 66_221, 64_445, 64_376]],
      ['mru', [100_738, 95_058, 89_580, 85_544, 81_725, 77_038, 71_070, 66_919]],
    ] as const)('%s', (name, expected) => {
      expect(misses(name)).toEqual(expected);
    });

    it.each([
      // It does not store what is larger than its small queue: 2 requests at 128 MiB.
      ['s3fifo', 0.0001, [89_307, 82_387, 77_041, 76_791, 71_300, 70_343, 70_455, 70_355]],
      // Of what ranks the same, it evicts other slots.
      ['gdsf', 0.01, [89_068, 84_750, 74_853, 70_488, 67_919, 64_180, 61_029, 58_721]],
    ] as const)('%s, within %d of them', (name, within, expected) => {
      misses(name).forEach((count, i) => {
        const published = expected[i] as number;
        expect(Math.abs(count - published) / published).toBeLessThanOrEqual(within);
      });
    });
  });

  describe('auto, over all traces', () => {
    const fixed = ['lru', 'lfu', 'fifo', 'mru', 'random', 's3fifo', 'tinylfu', 'sieve', 'gdsf'] as const;

    it('is near the best fixed policy, and seldom far below lru', () => {
      const gaps: number[] = [];
      const belowLru: number[] = [];
      for (const { name, sizes } of CASES) {
        const trace = traceNamed(name);
        for (const size of sizes) {
          const ratio = (policy: PolicyName): number => Number(percent(policy, trace, size));
          const auto = ratio('auto');
          gaps.push(Math.max(...fixed.map(ratio)) - auto);
          belowLru.push(ratio('lru') - auto);
        }
      }
      expect(gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length).toBeLessThanOrEqual(0.5);
      expect(Math.max(...gaps)).toBeLessThanOrEqual(4);
      expect(Math.max(...belowLru)).toBeLessThanOrEqual(3);
    });
  });
}
