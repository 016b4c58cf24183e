import { Line } from '../fleet/line.js';
import type { OrmName, Step } from './orders.js';
import { Processes } from './processes.js';
import { Random } from './random.js';
import type { FleetWorld } from './world.js';

/** What became of pages of one row each while rows were written by their primary keys. */
export interface Precision {
  readonly writes: number;
  /** Stored pages that a write has invalidated. */
  readonly dropped: number;
  /** Of these, those whose row was written: what they show could have changed. */
  readonly written: number;
  /** Of these, those that show something else since. */
  readonly changed: number;
  /** Pages that were answered from the store and show what is no longer so. */
  readonly stale: readonly string[];
}

/** Keys that users have, had, or never get. */
const KEYS = 16;

/** What a process shows of a key. */
interface Shown {
  readonly isHit: boolean;
  readonly body: string;
}

/**
 * Asks for the page of each of some keys after each of some writes, of either process in turn: what is not answered from the
 * store any more was dropped, and was to be dropped only if its row was written.
 */
export async function measurePrecision(
  world: FleetWorld,
  orm: OrmName,
  writes: number,
  seed: number,
): Promise<Precision> {
  await world.reset(1);
  const random = new Random(seed);
  // A page that a busy machine's store has not answered for in time would look as if it were dropped.
  const cache = {
    store: world.redis.url,
    namespace: `precision-${orm}-${seed}`,
    consistency: 'strict',
    deadline: '10s',
  } as const;
  const processes = await Processes.start(2, { orm, database: world.database, cache, dwellMs: 0 });
  const lines = processes.ports.map((port) => new Line(port));
  const show = async (): Promise<readonly Shown[]> => {
    const line = random.of(lines) as Line;
    const shown: Shown[] = [];
    for (let key = 1; key <= KEYS; key++) {
      const { body, cacheStatus } = await line.get(`/users/${key}`);
      shown.push({ isHit: cacheStatus.includes('hit'), body });
    }
    return shown;
  };
  let [dropped, written, changed] = [0, 0, 0];
  const stale: string[] = [];
  try {
    let before = { shown: await show(), rows: await rowsOf(world) };
    for (let i = 0; i < writes; i++) {
      const order = { within: random.is(0.3) ? 'transaction' : 'nothing', steps: [byKey(random, i)] };
      await (random.of(lines) as Line).post('/writes', JSON.stringify(order));
      const after = { shown: await show(), rows: await rowsOf(world) };
      for (const [at, { isHit, body }] of after.shown.entries()) {
        const row = after.rows.get(at + 1);
        if (isHit && nameIn(body) !== row?.name) stale.push(`/users/${at + 1} → ${body}`);
        if (isHit) continue;
        dropped++;
        if (row?.version !== before.rows.get(at + 1)?.version) written++;
        if (body !== before.shown[at]?.body) changed++;
      }
      before = after;
    }
  } finally {
    for (const line of lines) line.close();
    await processes.stop();
  }
  return { writes, dropped, written, changed, stale };
}

interface Row {
  readonly id: number;
  readonly name: string;
  /** The transaction that has written it last. */
  readonly version: string;
}

async function rowsOf({ admin }: FleetWorld): Promise<ReadonlyMap<number, Row>> {
  const { rows } = await admin.query<Row>('SELECT id, name, xmin::text AS version FROM users');
  return new Map(rows.map((row) => [row.id, row]));
}

function nameIn(body: string): string | undefined {
  return (JSON.parse(body) as { readonly shown: { readonly name: string } | null }).shown?.name;
}

/** A write of one row, whether that is there or not. */
function byKey(random: Random, i: number): Step {
  const key = 1 + random.below(KEYS);
  const name = `0: ${i}`;
  const ways: readonly Step[] = [
    { write: 'renameUser', given: [key, name] },
    { write: 'renameUser', given: [key, name] },
    { write: 'upsertUser', given: [key, name] },
    { write: 'insertUserAs', given: [key, name] },
    { write: 'deleteUser', given: [key] },
    { write: 'raw', given: ['UPDATE users SET name = $1 WHERE id = $2', [name, key]] },
    { write: 'raw', given: ['UPDATE users SET name = name WHERE id = $1', [key]] },
    { write: 'raw', given: ['DELETE FROM users WHERE id IN ($1, $2)', [key, KEYS + key]] },
    // Of other tables, and of what belongs to users.
    { write: 'insertPost', given: [name, 1] },
    { write: 'increment', given: [1 + random.below(3)] },
    { write: 'raw', given: ['UPDATE profiles SET bio = $1 WHERE id = $2', [name, 1 + random.below(3)]] },
  ];
  return random.of(ways) as Step;
}
