import { CANDIDATES } from './candidates.js';
import { type Bench, measure, type Window, warmUp } from './measure.js';
import type { Progress } from './progress.js';
import type { Row, Scenario } from './scenarios.js';
import { CandidateServer } from './server.js';
import { verifyRow } from './verify.js';

/** Every window of one run, by row. */
export interface NodeRun {
  /** The servers' version of Node.js, such as `v24.21.0`. */
  node: string;
  scenarios: readonly Scenario[];
  windows: ReadonlyMap<Row, readonly Window[]>;
}

/** How long and how often a run measures. */
export interface RunOptions {
  rounds: number;
  seconds: number;
  warmUpSeconds: number;
}

/**
 * Measures all scenarios with the servers on one Node.js.
 *
 * Every round passes through every row of every scenario, in turns forwards and backwards, so that a change in the
 * machine's mood weighs on all of them.
 */
export async function runOn(
  node: string,
  scenarios: readonly Scenario[],
  options: RunOptions,
  bench: Bench,
  progress: Progress,
): Promise<NodeRun> {
  const rows = scenarios.flatMap((scenario) => scenario.rows);
  const servers = new Map<Row, CandidateServer>();
  await bench.redis?.flush();
  try {
    for (const [index, row] of rows.entries()) {
      progress.step(`checking and warming up ${row.id}`, index, rows.length);
      const server = await CandidateServer.start(row.candidate, row.size, {
        node,
        core: bench.pinning?.serverCore,
        ...(bench.redis && CANDIDATES[row.candidate].redis && { redisUrl: bench.redis.url(index) }),
      });
      servers.set(row, server);
      await verifyRow(row, server, bench.redis);
      await warmUp(bench, row, server, options.warmUpSeconds);
    }
    const windows = await measureRounds(servers, scenarios, options, bench, progress);
    return { node: [...servers.values()][0]?.node ?? node, scenarios, windows };
  } finally {
    for (const server of servers.values()) server.stop();
  }
}

async function measureRounds(
  servers: ReadonlyMap<Row, CandidateServer>,
  scenarios: readonly Scenario[],
  { rounds, seconds }: RunOptions,
  bench: Bench,
  progress: Progress,
): Promise<Map<Row, Window[]>> {
  const windows = new Map<Row, Window[]>([...servers.keys()].map((row) => [row, []]));
  for (let round = 1; round <= rounds; round++) {
    const order = round % 2 === 1 ? [...servers] : [...servers].reverse();
    for (const [index, [row, server]] of order.entries()) {
      progress.step(`round ${round} of ${rounds}: ${row.id}`, index, order.length);
      windows.get(row)?.push(await measure(bench, row, server, seconds));
    }
    progress.line(`round ${round} of ${rounds}  ${summary(scenarios, windows)}`);
  }
  return windows;
}

function summary(scenarios: readonly Scenario[], windows: ReadonlyMap<Row, readonly Window[]>): string {
  return scenarios
    .map(({ title, rows }) => {
      const figures = rows.map((row) => `${row.candidate} ${windows.get(row)?.at(-1)?.micros.toFixed(1)}`);
      return `${title}: ${figures.join(', ')}`;
    })
    .join(' · ');
}
