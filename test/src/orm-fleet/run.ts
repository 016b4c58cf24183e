import { Line } from '../fleet/line.js';
import { History } from './history.js';
import type { OrmName } from './orders.js';
import { Processes } from './processes.js';
import { Random } from './random.js';
import { readRows, rowsOfLane } from './rows.js';
import { type Asked, askFor, type Ids } from './views.js';
import type { FleetWorld } from './world.js';
import { makeWrite, ownKey } from './writes.js';

/** Who write at the same time, and who read. */
const WRITERS = 3;
const READERS = 8;
/** Requests that are answered from one write of a writer to his next: so much of what they show is stored. */
const READS_PER_WRITE = 12;
/** Pages that a writer asks the other process for as soon as his write is acknowledged. */
const READS_AFTER = 2;

/** How a fleet is run. */
export interface Plan {
  readonly orm: OrmName;
  readonly durationMs: number;
  readonly seed: number;
  /** `bounded`: in the other process an answer may be so old as `l1MaxLag`. */
  readonly consistency?: 'strict' | 'bounded';
  readonly double?: string;
  /** It goes on for longer, where a busy machine has answered fewer requests by then. */
  readonly atLeast?: number;
  /** Ends with the first answer that is not so. */
  readonly isToFind?: boolean;
  /** @defaultValue 3 */
  readonly dwellMs?: number;
}

/** What a run comes to. */
export interface Verdict {
  readonly reads: number;
  readonly writes: number;
  /** Writes that an ORM has refused: a key that is there, a row that is gone. */
  readonly refused: number;
  readonly hits: number;
  /** Answers that were so at no moment between the request and the answer. */
  readonly untrue: readonly string[];
  /** Answers that were none. */
  readonly failures: number;
  readonly rejections: readonly string[];
}

interface Answer {
  readonly asked: Asked;
  readonly process: number;
  readonly began: number;
  readonly ended: number;
  readonly body: string;
}

const LAG_MS = 200;

/**
 * Reads and writes at random through two processes for so long, and holds each answer against what was in the database between
 * the request and the answer.
 */
export async function runFleet(world: FleetWorld, plan: Plan): Promise<Verdict> {
  await world.reset(WRITERS);
  const { consistency = 'strict', seed } = plan;
  const namespace = `orm-${seed}-${Math.random().toString(36).slice(2, 8)}`;
  const processes = await Processes.start(2, {
    orm: plan.orm,
    database: world.database,
    dwellMs: plan.dwellMs ?? 3,
    cache: { store: world.redis.url, namespace, consistency, l1MaxLag: `${LAG_MS}ms`, deadline: '2s' },
    ...(plan.double === undefined ? {} : { double: plan.double }),
  });
  const run = new Run(world, processes.ports, plan, consistency === 'strict' ? 0 : LAG_MS);
  let rejections: readonly string[] = [];
  try {
    await run.goOn(plan.durationMs);
  } finally {
    rejections = await processes.stop();
  }
  return { ...run.verdict, rejections };
}

class Run {
  readonly verdict = { reads: 0, writes: 0, refused: 0, hits: 0, failures: 0, untrue: [] as string[] };
  readonly #world: FleetWorld;
  readonly #ports: readonly number[];
  readonly #plan: Plan;
  readonly #mayLagMs: number;
  #histories: readonly History[] = [];
  /** Answers of which it is not known yet what they may show, as they came. */
  readonly #unjudged: Answer[] = [];
  /** Writers who wait until so many requests are answered. */
  readonly #waiting = new Map<() => void, number>();
  #isLate = false;
  #isOver = false;

  constructor(world: FleetWorld, ports: readonly number[], plan: Plan, mayLagMs: number) {
    this.#world = world;
    this.#ports = ports;
    this.#plan = plan;
    this.#mayLagMs = mayLagMs;
  }

  async goOn(durationMs: number): Promise<void> {
    const { seed } = this.#plan;
    const rows = await readRows(this.#world.admin);
    this.#histories = Array.from({ length: WRITERS }, (_, lane) => new History(rowsOfLane(rows, lane)));
    const over = setTimeout(() => {
      this.#isLate = true;
      this.#endInTime();
    }, durationMs);
    await Promise.all([
      ...this.#histories.map((history, lane) => this.#write(lane, history, new Random(seed + lane))),
      ...Array.from({ length: READERS }, (_, i) => this.#read(new Random(seed + 1_000 + i))),
    ]);
    clearTimeout(over);
    this.#judge();
  }

  #endInTime(): void {
    if (this.#isLate && this.verdict.reads >= (this.#plan.atLeast ?? 0)) this.#end();
  }

  #end(): void {
    this.#isOver = true;
    for (const goOn of this.#waiting.keys()) goOn();
  }

  /** One write after the other, to any process; after each of them the rows that have come of it. */
  async #write(lane: number, history: History, random: Random): Promise<void> {
    const lines = this.#ports.map((port) => new Line(port));
    while (!this.#isOver) {
      const order = makeWrite({ lane, random, rows: () => history.rows });
      const process = random.below(lines.length);
      history.sending();
      const { status, body } = await (lines[process] as Line).post('/writes', JSON.stringify(order));
      const acknowledged = performance.now();
      this.verdict.writes++;
      if (status !== 200) this.verdict.failures++;
      if (body.startsWith('failed')) this.verdict.refused++;
      for (let i = 0; i < READS_AFTER; i++) await this.#ask(lines, 1 - process, random);
      history.wrote(rowsOfLane(await readRows(this.#world.admin), lane), acknowledged);
      this.#judge();
      await this.#answered(this.verdict.reads + READS_PER_WRITE);
    }
    for (const line of lines) line.close();
  }

  async #answered(reads: number): Promise<void> {
    if (this.#isOver) return;
    await new Promise<void>((resolve) => this.#waiting.set(resolve, reads));
  }

  async #read(random: Random): Promise<void> {
    const lines = this.#ports.map((port) => new Line(port));
    while (!this.#isOver) {
      await this.#ask(lines, random.below(lines.length), random);
      for (const [goOn, reads] of this.#waiting) {
        if (reads > this.verdict.reads) continue;
        this.#waiting.delete(goOn);
        goOn();
      }
    }
    for (const line of lines) line.close();
  }

  async #ask(lines: readonly Line[], process: number, random: Random): Promise<void> {
    // Prisma asks for what is included by itself.
    const asked = askFor(random, this.#ids, { joins: this.#plan.orm !== 'prisma' });
    const began = performance.now();
    const { status, body, cacheStatus } = await (lines[process] as Line).get(asked.path);
    this.verdict.reads++;
    if (status !== 200) this.verdict.failures++;
    else this.#unjudged.push({ asked, process, began, ended: performance.now(), body });
    if (cacheStatus.includes('hit') || cacheStatus.includes('collapsed')) this.verdict.hits++;
    this.#endInTime();
  }

  /** Mostly of rows that are there. */
  readonly #ids: Ids = {
    user: (random) => {
      const lane = random.below(WRITERS);
      if (random.is(0.3)) return ownKey(lane, random);
      return random.of(this.#histories[lane]?.rows.users ?? [])?.id ?? 1 + random.below(200);
    },
    post: (random) => random.of(this.#histories[random.below(WRITERS)]?.rows.posts ?? [])?.id ?? 1 + random.below(200),
  };

  /** Holds against the histories what these know all about. */
  #judge(): void {
    const knownUntil = Math.min(...this.#histories.map((history) => history.knownUntil));
    for (let next = this.#unjudged[0]; next !== undefined && next.ended < knownUntil; next = this.#unjudged[0]) {
      this.#unjudged.shift();
      const { asked, process, began, ended, body } = next;
      const seen = this.#histories.map((history) => history.during(began, ended, this.#mayLagMs));
      const { shown } = JSON.parse(body) as { readonly shown: unknown };
      if (asked.isTrue(shown, seen)) continue;
      this.verdict.untrue.push(`process ${process}: ${asked.path} → ${body}`);
      if (this.#plan.isToFind === true) this.#end();
    }
  }
}
