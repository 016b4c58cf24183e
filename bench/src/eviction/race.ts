import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startChild } from '../children.js';
import { median } from '../median.js';
import type { Progress } from '../progress.js';
import type { Task } from './contender-process.js';
import type { OpenContender } from './contenders.js';

const REFERENCE = 'lru-cache';
/** Windows whose code is still being compiled. */
const WARM_UPS = 3;

/** The costs of all of them as a chapter of the report. */
export async function compareContenders(
  contenders: Readonly<Record<string, OpenContender>>,
  rounds: number,
  progress: Progress,
): Promise<string> {
  const names = Object.keys(contenders);
  const hits = await inTurns(names, 'hit', rounds, progress);
  const mixed = await inTurns(names, 'mixed', rounds, progress);
  const bytes = await inTurns(names, 'bytes', 1, progress);
  const lines = names.map((name) => {
    const cells = [hits, mixed].flatMap((figures) => {
      const own = figures.get(name) ?? [];
      const ratios = own.map((ns, i) => (figures.get(REFERENCE)?.[i] as number) / ns);
      return [(1_000 / median(own)).toFixed(1), median(ratios).toFixed(2)];
    });
    return `| ${name} | ${cells.join(' | ')} | ${median(bytes.get(name) ?? []).toFixed(0)} |`;
  });
  return `
## What they cost

10,000 entries and keys as pages have them, ${rounds} rounds of 60 ms of CPU time in turn, each cache in a process of its own; medians, and of the comparisons with lru-cache the median of those within each round. **Hit**: \`get\` of what is there, in no order. **Mixed**: popular keys of 100,000 (Zipf 0.9), stored where they are missing. Bytes for each of 200,000 entries beside key and value.

| | million hits/s | × lru-cache | million mixed/s | × lru-cache | bytes/entry |
|---|---:|---:|---:|---:|---:|
${lines.join('\n')}
`;
}

/** What each of them has measured in each round. A process does one thing only: the code is compiled for that. */
async function inTurns(
  names: readonly string[],
  task: Task,
  rounds: number,
  progress: Progress,
): Promise<Map<string, number[]>> {
  const program = fileURLToPath(new URL('./contender-process.js', import.meta.url));
  const start = (name: string): ChildProcess =>
    startChild([process.execPath, program, name], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const children = new Map(names.map((name) => [name, start(name)]));
  const figures = new Map(names.map((name) => [name, [] as number[]]));
  const warmUps = task === 'bytes' ? 0 : WARM_UPS;
  for (let round = -warmUps; round < rounds; round++) {
    for (const [name, child] of children) {
      progress.step(
        `${task}, round ${Math.max(0, round) + 1} of ${rounds}: ${name}`,
        round + warmUps,
        rounds + warmUps,
      );
      const figure = await ask(child, task);
      if (round >= 0) figures.get(name)?.push(figure);
    }
  }
  for (const child of children.values()) child.kill();
  return figures;
}

/** What a cache has measured; it answers one question at a time. */
function ask(child: ChildProcess, task: Task): Promise<number> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error(`A cache has ended in the middle of ${task}`));
    child.once('exit', ended);
    child.once('message', (figure: number) => {
      child.off('exit', ended);
      resolve(figure);
    });
    child.send(task);
  });
}
