// One row in a process of its own: told by its parent what to do, it answers with what a call has cost.
import { type Operation, ROWS, type Row, type RowName } from './rows.js';

/** From the bench to the process of a row. */
export interface Order {
  readonly operation: Operation;
  /** How much CPU time to spend on it. */
  readonly ms: number;
}

/** CPU time of the process for each call, in nanoseconds; nothing for what the row is not about. */
export interface Answer {
  readonly nanos: number | undefined;
}

/** Keys that are asked for in turn. */
const KEYS = 1_000;
/** Calls that are under way together: as many requests as a busy process has, and a sync of the journal is for all of them. */
const AT_ONCE = 50;

const row: Row = ROWS[process.argv[2] as RowName];
const calls = row.open();

process.on('message', (order: Order) => {
  obey(order).then(
    (nanos) => process.send?.({ nanos } satisfies Answer),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
});

async function obey({ operation, ms }: Order): Promise<number | undefined> {
  const call = calls[operation];
  if (call === undefined) return undefined;
  const keyOf = (at: number): string => `city:${at % KEYS}`;
  for (let at = 0; at < KEYS; at++) await calls.write?.(keyOf(at));
  let count = 0;
  const before = process.cpuUsage();
  // By its own CPU time: on a busy machine a window of the wall clock holds next to nothing.
  while (spentSince(before) < ms) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => call(keyOf(count + i))));
    count += AT_ONCE;
  }
  return (spentSince(before) * 1e6) / count;
}

/** CPU time in milliseconds. */
function spentSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
