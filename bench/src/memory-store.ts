// What the memory store costs beside what it holds, and for how long it holds up others: npm run bench:memory
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { POLICY_NAMES } from '../../packages/core/dist/eviction/policies.js';
import { endChildren, startChild } from './children.js';
import type { Pause } from './memory-store/pauses.js';
import { describeMachine } from './pinning.js';
import { makeProgress } from './progress.js';
import { writeReport } from './write-report.js';

const USAGE = `npm run bench:memory -- [options]

  --entries N     values of the stores that are weighed (200000, and 262144 as by default)
  --expiring N    values that expire at once (1000000)
  --only WORDS    stores with one of these words in their name: --only lru,s3fifo
  --node BINARY   the Node.js that is measured
  --out FILE      the Markdown table (bench/results/memory.md)
`;
const { values: flags } = parseArgs({
  options: {
    entries: { type: 'string', multiple: true, default: ['200000', '262144'] },
    expiring: { type: 'string', default: '1000000' },
    only: { type: 'string', default: '' },
    node: { type: 'string', default: process.execPath },
    out: { type: 'string', default: fileURLToPath(new URL('../results/memory.md', import.meta.url)) },
    help: { type: 'boolean', short: 'h' },
  },
});
const HIT_ENTRIES = 10_000;
const SNAPSHOT_ENTRIES = 100_000;
const words = flags.only.split(',').filter((word) => word !== '');
const progress = makeProgress(process.stderr);

if (flags.help) process.stdout.write(USAGE);
else {
  try {
    const markdown = await report();
    process.stdout.write(`\n${markdown}`);
    writeReport(flags.out, markdown, progress);
  } finally {
    endChildren();
  }
}

async function report(): Promise<string> {
  const isWanted = (name: string) => words.length === 0 || words.some((word) => name.includes(word));
  const kinds = [...POLICY_NAMES, 'lru-cache'].filter(isWanted);
  const sizes: string[] = [];
  for (const name of ['Map', ...kinds.flatMap((kind) => [kind, `${kind} +ttl +bytes`])]) {
    const cells: string[] = [];
    for (const entries of flags.entries) {
      const { filled, churned } = await measure<{ filled: number; churned: number }>('size', name, entries);
      cells.push(bytes(filled), bytes(churned));
    }
    sizes.push(`| ${name} | ${cells.join(' | ')} |`);
  }
  const speeds: string[] = [];
  for (const kind of kinds) {
    const plain = await measure<number>('hits', kind, HIT_ENTRIES);
    const expiring = await measure<number>('hits', `${kind} +ttl`, HIT_ENTRIES);
    speeds.push(`| ${kind} | ${plain.toFixed(0)} | ${expiring.toFixed(0)} |`);
  }
  const expiry = await measure<Pause & { keptMs: number }>('expiry', 'lru', flags.expiring);
  const { written, read } = await measure<Record<'written' | 'read', Pause>>('snapshot', 'lru', SNAPSHOT_ENTRIES);
  const heads = flags.entries.map((entries) => `${Number(entries).toLocaleString('en')} filled | evicting`);
  return `# The memory store: what it takes beside what it holds

Each figure from a process of its own. ${new Date().toISOString().slice(0, 10)} · ${describeMachine()}, load average ${(loadavg()[0] ?? 0).toFixed(1)} at the end

## Bytes a value

Beside the key and the value: what goes when the store goes, by the heap's own count after a full collection. **Filled**: as many values as it may hold. **Evicting**: five times as many more, so that
each took another's place; V8 keeps room for as many deleted keys in a \`Map\` as there are keys.

| store | ${heads.join(' | ')} |
|---|${flags.entries.map(() => '---|---|').join('')}
${sizes.join('\n')}

## Nanoseconds of a hit

${HIT_ENTRIES.toLocaleString('en')} keys in no order, CPU time, the best of 12 rounds.

| store | get | get, all with a lifetime |
|---|---|---|
${speeds.join('\n')}

## Pauses

The longest turn of the event loop, in CPU time of the whole process and on the wall, where other work of the machine counts; and the longest garbage collection meanwhile, on the wall.

| | CPU | wall | one collection |
|---|---|---|---|
| ${Number(flags.expiring).toLocaleString('en')} values expire at once; the last was gone ${(expiry.keptMs / 1000).toFixed(1)} s after its end | ${pause(expiry)} |
| a snapshot of ${SNAPSHOT_ENTRIES.toLocaleString('en')} values is written | ${pause(written)} |
| and read | ${pause(read)} |
`;
}

function pause({ cpuMs, wallMs, collectionMs }: Pause): string {
  return [cpuMs, wallMs, collectionMs].map((ms) => `${ms.toFixed(1)} ms`).join(' | ');
}

function bytes(each: number): string {
  return Number.isFinite(each) ? each.toFixed(1) : '–';
}

async function measure<T>(measurement: string, name: string, entries: string | number): Promise<T> {
  const program = fileURLToPath(new URL('./memory-store/process.js', import.meta.url));
  const child = startChild([flags.node, program, measurement, name, String(entries)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${measurement} of ${name} has ended`)));
  const [answer] = (await Promise.race([once(child, 'message'), ended])) as [T];
  child.kill();
  await ended.catch(() => {});
  progress.line(`${measurement} of ${name}, ${entries}: ${JSON.stringify(answer)}`);
  return answer;
}
