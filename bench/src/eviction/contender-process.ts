// One cache in a process of its own, so that none is compiled for what another does: contender-process.js NAME.
// Answers each message with what was measured.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { generated, zipf } from '../../../test/dist/traces/generated.js';
import { CONTENDERS, type OpenContender } from './contenders.js';
import { seeded } from './policies.js';

/** What the race asks for. */
export type Task = 'hit' | 'mixed' | 'bytes';

const ENTRIES = 10_000;
const KEYS = 100_000;
const WEIGHED = 200_000;
const WINDOW_US = 60_000;
const BATCH = 2_000;
const value = { body: 'the same for all' };

const open = CONTENDERS[process.argv[2] ?? ''] as OpenContender;
const keyOf = (i: number): string => Buffer.from(`GET https://example.org/articles/${i}`).toString('latin1');
const keys = Array.from({ length: KEYS }, (_, i) => keyOf(i));
const asked = generated('zipf', [zipf(1 << 20, KEYS, 0.9)]).ids;
const random = seeded();
const order = Uint32Array.from({ length: 1 << 16 }, () => random() * ENTRIES);
const full = open(ENTRIES);
for (let i = 0; i < ENTRIES; i++) full.set(keys[i] as string, value);
const busy = open(ENTRIES);
let at = 0;

const tasks: Record<Task, () => unknown> = {
  hit: () =>
    window((i) => {
      full.get(keys[order[i & (order.length - 1)] as number] as string);
    }),
  mixed: () =>
    window(() => {
      const key = keys[asked[at++ & (asked.length - 1)] as number] as string;
      if (busy.get(key) === undefined) busy.set(key, value);
    }),
  bytes: weigh,
};

process.on('message', (task: Task) => void (async () => process.send?.(await tasks[task]()))());

/** Nanoseconds of CPU time for each. */
function window(once: (i: number) => void): number {
  const before = process.cpuUsage();
  let done = 0;
  for (;;) {
    for (let i = 0; i < BATCH; i++) once(done + i);
    done += BATCH;
    const { user, system } = process.cpuUsage(before);
    if (user + system >= WINDOW_US) return (1_000 * (user + system)) / done;
  }
}

/** Bytes for each value beside its key and itself. */
async function weigh(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const used = async (): Promise<number> => {
    for (let i = 0; i < 4; i++) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const many = Array.from({ length: WEIGHED }, (_, i) => keyOf(KEYS + i));
  const before = await used();
  const cache = open(WEIGHED);
  for (const key of many) cache.set(key, value);
  const bytes = ((await used()) - before) / WEIGHED;
  if (cache.get(many[WEIGHED - 1] as string) !== value) throw new Error('The last value is gone');
  return bytes;
}
