// One cache in a process of its own: told by its parent what to do, it answers with what a call has cost.
import type { Client } from './client.js';
import { CLIENTS, type ClientName } from './clients.js';
import type { Answer, Order } from './orders.js';
import { VALUE_KINDS, type ValueKind } from './value-kinds.js';

/** Keys that are asked for in turn. */
const KEYS = 1_000;
const BATCH = 500;

const [name, kind] = process.argv.slice(2) as [ClientName, ValueKind];
const { make } = VALUE_KINDS[kind];
let runs = 0;
let unseen = KEYS;
const client: Client = CLIENTS[name]()((id) => {
  runs++;
  return make(id);
});

process.on('message', (order: Order) => {
  obey(order).then(
    (answer) => process.send?.(answer),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
});

async function obey({ operation, ms }: Order): Promise<Answer> {
  if (operation === 'miss') await client.clear();
  if (operation === 'hit') for (let id = 0; id < KEYS; id++) await client.get(id);
  const value = make(0);
  const runsBefore = runs;
  let calls = 0;
  const before = process.cpuUsage();
  // By its own CPU time: on a busy machine a window of the wall clock holds next to nothing.
  while (spentSince(before) < ms) {
    if (operation === 'hit') for (let i = 0; i < BATCH; i++) await client.get((calls + i) % KEYS);
    else if (operation === 'miss') for (let i = 0; i < BATCH; i++) await client.get(unseen++);
    else for (let i = 0; i < BATCH; i++) await client.set?.((calls + i) % KEYS, value);
    calls += BATCH;
  }
  const spent = spentSince(before);
  const made = runs - runsBefore;
  if (made !== (operation === 'miss' ? calls : 0)) throw new Error(`${name}: ${made} values made in ${calls} calls`);
  return {
    nanos: (spent * 1e6) / calls,
    handsOut: await handsOut(),
    sets: client.set !== undefined,
  };
}

/** CPU time in milliseconds. */
function spentSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

async function handsOut(): Promise<Answer['handsOut']> {
  const one = await client.get(0);
  if (JSON.stringify(one) !== JSON.stringify(make(0))) throw new Error(`${name} has another value: ${one}`);
  if (typeof one === 'string') return 'same';
  return one === (await client.get(0)) ? 'same' : 'copy';
}
