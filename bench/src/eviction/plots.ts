import { AutoPolicy } from '../../../packages/core/dist/eviction/auto.js';
import { generated, loop, sliding, zipf } from '../../../test/dist/traces/generated.js';
import { replay } from '../../../test/dist/traces/replay.js';
import type { Trace } from '../../../test/dist/traces/trace.js';
import type { Progress } from '../progress.js';
import { sharesOf } from './hit-table.js';
import { svg } from './plot.js';
import { auto, FIXED, seeded } from './policies.js';

const SHOWN = ['lru', 's3fifo', 'tinylfu', 'sieve', 'lfu', 'mru'] as const;
const SHARES = [0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64];
const SHIFTING = 2_000;

/** Hit ratio over the size of the store, for some policies. */
export function sizePlot(trace: Trace, progress: Progress): string {
  const sizes = sharesOf(trace.unique, SHARES).filter((size) => size >= 10);
  const policies = { auto, ...Object.fromEntries(SHOWN.map((name) => [name, FIXED[name] as typeof auto])) };
  const lines = Object.entries(policies).map(([name, create], i) => ({
    name,
    points: sizes.map((size, j) => {
      progress.step(`plot of ${trace.name}: ${name}`, i * sizes.length + j, SHOWN.length * sizes.length);
      const { hits } = replay(create, trace, { maxEntries: size, maxBytes: size });
      return [size, (100 * hits) / trace.ids.length] as const;
    }),
  }));
  return svg({ title: `${trace.name}: hit ratio`, xTitle: 'entries in the store', lines, isLogarithmic: true });
}

/** Requests that change their kind: popular keys, a loop, what is new; and all of it once more. */
export function shiftingTrace(): Trace {
  const phases = [zipf(100_000, 20_000, 0.9), loop(100_000, 3_000, 100_000), sliding(100_000, 3_000, 10, 200_000)];
  return generated('shifting', [...phases, ...phases]);
}

/** How `auto` and some fixed policies do on it, over time, with what `auto` has changed to. */
export function shiftingPlot(): string {
  const trace = shiftingTrace();
  const limits = { maxEntries: SHIFTING, maxBytes: SHIFTING };
  const part = trace.ids.length / 100;
  const over = (hitsByPart: Uint32Array) =>
    Array.from(hitsByPart, (hits, i) => [(i + 1) * part, (100 * hits) / part] as const);
  const marks: { x: number; text: string }[] = [];
  let requests = 0;
  const counted: typeof auto = (most) => {
    const policy = new AutoPolicy(most, {
      random: seeded(),
      onSwitch: ({ to }) => marks.push({ x: requests, text: `→ ${to}` }),
    });
    const [insert, hit] = [policy.insert.bind(policy), policy.hit.bind(policy)];
    return Object.assign(policy, {
      insert: (slot: number, hash: number, weight: number) => {
        requests++;
        insert(slot, hash, weight);
      },
      hit: (slot: number) => {
        requests++;
        hit(slot);
      },
    });
  };
  const lines = [
    { name: 'auto', points: over(replay(counted, trace, limits).hitsByPart) },
    ...(['lru', 's3fifo', 'tinylfu', 'mru'] as const).map((name) => ({
      name,
      points: over(replay(FIXED[name] as typeof auto, trace, limits).hitsByPart),
    })),
  ];
  const title = `A load that changes its kind: hit ratio, ${SHIFTING.toLocaleString('en')} entries`;
  return svg({ title, xTitle: 'requests', lines, marks });
}
