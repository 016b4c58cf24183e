import { describe, expect, it } from '@jest/globals';
import type { EvictionPolicy, PolicyLimits } from '../ports/eviction-policy.js';
import { AgeingLfuPolicy } from './ageing-lfu.js';
import { compareWithModel, seeded } from './model-run.test.support.js';
import { type ModelParts, models, type PolicyModel } from './models.test.support.js';
import { createPolicy } from './policies.js';
import { RandomPolicy } from './random.js';
import { TinyLfuPolicy } from './tinylfu.js';

const OPERATIONS = process.env['VIEWCACHE_SOAK'] === undefined ? 5_000 : 1_000_000;

const limits: Record<string, PolicyLimits> = {
  'by number': { maxEntries: 40, maxBytes: 1_000_000 },
  'by bytes': { maxEntries: 60, maxBytes: 600 },
  'of one': { maxEntries: 1, maxBytes: 10 },
};

const policies: Record<keyof typeof models, (parts: ModelParts) => EvictionPolicy> = {
  fifo: ({ limits }) => createPolicy('fifo', limits),
  lru: ({ limits }) => createPolicy('lru', limits),
  mru: ({ limits }) => createPolicy('mru', limits),
  lfu: ({ limits }) => createPolicy('lfu', limits),
  'lfu, ageing': () => new AgeingLfuPolicy(),
  gdsf: ({ limits }) => createPolicy('gdsf', limits),
  sieve: ({ limits }) => createPolicy('sieve', limits),
  random: ({ random }) => new RandomPolicy({ random }),
  s3fifo: ({ limits }) => createPolicy('s3fifo', limits),
  'tinylfu, 1 %': ({ limits, random }) => new TinyLfuPolicy(limits, { window: 0.01, random }),
  'tinylfu, 20 %': ({ limits, random }) => new TinyLfuPolicy(limits, { window: 0.2, random }),
};

describe.each(Object.keys(models) as (keyof typeof models)[])('%s', (name) => {
  it.each(Object.keys(limits))(`evicts what a search of everything held finds, in a store %s`, (kind) => {
    const most = limits[kind] as PolicyLimits;
    const policy = policies[name]({ limits: most, random: seeded(7) });
    const model: PolicyModel = models[name]({ limits: most, random: seeded(7) });
    expect(compareWithModel(policy, model, most, OPERATIONS, 2026)).toBeUndefined();
  });
});
