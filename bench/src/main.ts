import { fileURLToPath } from 'node:url';
import { endChildren } from './children.js';
import { type Flags, readFlags, USAGE } from './flags.js';
import { autocannonLoad } from './load/autocannon.js';
import { hasWrk, wrkLoad } from './load/wrk.js';
import { choosePinning, describeMachine } from './pinning.js';
import { makeProgress } from './progress.js';
import { BenchRedis } from './redis.js';
import { makeReport } from './report.js';
import { type NodeRun, runOn } from './run.js';
import { makeScenarios } from './scenarios.js';
import { writeReport } from './write-report.js';

// Measured in another way, and asked for by the same command.
const isOrm = process.argv[2] === 'orm';
const flags = isOrm ? undefined : flagsOrExit();

if (isOrm) {
  await import('./orm.js');
} else if (!flags) {
  process.stdout.write(USAGE);
} else {
  const progress = makeProgress(process.stderr);
  const pinning = choosePinning();
  const load = hasWrk() ? wrkLoad(pinning?.loadCore) : autocannonLoad(pinning?.loadCore);
  const scenarios = makeScenarios(flags);
  const runs: NodeRun[] = [];
  // Beside the load, not beside what is measured.
  const redis = flags.suite === 'shared' ? await BenchRedis.start(pinning?.loadCore) : undefined;
  const redisVersion = await redis?.version();
  try {
    for (const node of flags.nodes) {
      progress.line(`Servers on ${node}, load by ${load.name}`);
      runs.push(await runOn(node, scenarios, flags, { load, pinning, redis }, progress));
    }
  } finally {
    redis?.stop();
    endChildren();
  }
  const report = makeReport(runs, {
    ...flags,
    date: new Date(),
    machine: describeMachine(),
    load: load.name,
    saturated: load.saturates,
    pinned: pinning !== undefined,
    ...(redisVersion !== undefined && { redis: redisVersion }),
  });
  process.stdout.write(`\n${report.markdown}\n${report.held} of ${report.bounds} bounds held.\n`);
  writeReport(flags.out, report.markdown, progress);
}

function flagsOrExit(): Flags | undefined {
  try {
    return readFlags(process.argv.slice(2), (suite) =>
      fileURLToPath(new URL(`../results/${suite}.md`, import.meta.url)),
    );
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exit(2);
  }
}
