import { randomBytes } from 'node:crypto';
import type { Job, Queue, Worker } from 'bullmq';
import { WriteRefusedError } from '../../base/write-errors.js';
import type { LocalQueueParts } from '../../values/strategies/local-queue-parts.js';
import type { PendingWrite, WriteKey, WriteQueue } from '../../values/strategies/write-queue.js';
import type { ClientOptions, RedisClient, RedisLibrary } from '../redis/library.js';
import { answered } from './answered.js';
import type { BullLibrary } from './bull-library.js';
import { type JobData, QueueJobs } from './queue-jobs.js';
import { ANSWER_MS, fieldOf, QueueRecords } from './queue-records.js';
import { QueueWorker, type QueueWorkerParts } from './queue-worker.js';
import { evictionOf, versionOf } from './server-info.js';

/** A queue as its user asks for it. */
export interface DurableSettings {
  /** How the server is reached. */
  readonly client: ClientOptions;
  readonly prefix: string;
  /** How long whoever saves may say nothing before another one takes over, in milliseconds. */
  readonly leaseMs: number;
  /** Whether this process saves, or only writes. */
  readonly isWorker: boolean;
}

/** What a queue in Redis stands on. */
export interface DurableQueueParts extends Omit<LocalQueueParts, 'clock' | 'log' | 'keep'>, QueueWorkerParts {
  /** Told of what went wrong with the server. */
  onFailure(error: Error): void;
  /** Told of what makes the queue less than safe. */
  warn(message: string): void;
  redis(): Promise<RedisLibrary>;
  bull(): Promise<BullLibrary>;
}

/** How long a full queue, and one that is flushed, is left alone before it is asked again. */
const AGAIN_MS = 50;
/** While a flush waits, what rests is tried this often at least. */
const HURRY_MS = 1_000;
/** Longest time that BullMQ has to let go of what is not to be waited for. */
const LEAVE_MS = 1_000;
/** Longest time that a read waits for it. */
const FIND_MS = 1_000;
/** A write that waits longer is looked after: its job may not be there. One that has just come has it in a moment. */
const LOOK_AFTER_MS = 10_000;
const LOOK_EVERY_MS = 15_000;
const LOOK_AT = 1_000;
/** However often a process dies with a job: it is not the write's fault. */
const ALWAYS = 2 ** 31 - 1;

/** What is open of the server. */
interface Connected {
  /** What the records are reached by. */
  readonly own: RedisClient;
  readonly records: QueueRecords;
  readonly jobs: QueueJobs;
  /** Where this process saves. */
  readonly worker: QueueWorker | undefined;
  close(): Promise<void>;
}

/**
 * Writes that wait in Redis: one of each key, the newest, and a job of BullMQ for it. Whoever works on the job takes the newest
 * write under a lease of its key, so that no two processes save one key at once, whatever becomes of the job.
 */
export class DurableQueue implements WriteQueue {
  readonly #parts: DurableQueueParts;
  readonly #settings: DurableSettings;
  readonly #holder = randomBytes(9).toString('base64url');
  readonly #clients: RedisClient[] = [];
  readonly #connected: Promise<Connected>;
  /** It takes no more. */
  #isClosed = false;
  /** Nothing is to come of it any more. */
  #isOver = false;
  #size = 0;
  #lookFrom = 0;
  #lookTimer: NodeJS.Timeout | undefined;

  constructor(parts: DurableQueueParts, settings: DurableSettings) {
    this.#parts = parts;
    this.#settings = settings;
    this.#connected = this.#connect();
    // Whoever waits for it is told; nobody may.
    this.#connected.catch((error) => this.#failed(error));
  }

  get size(): number {
    return this.#size;
  }

  async put(key: WriteKey, bytes: Buffer | undefined): Promise<void> {
    const { name, limits } = this.#parts;
    const until = performance.now() + limits.fullTimeoutMs;
    for (;;) {
      if (this.#isClosed) throw new WriteRefusedError(name, key, 'closed');
      const answer = await this.#put(key, bytes);
      if (answer === 'put') return;
      if (performance.now() >= until) throw new WriteRefusedError(name, key, 'full');
      await pause(AGAIN_MS);
    }
  }

  async find(key: WriteKey): Promise<PendingWrite | undefined> {
    const { records } = await answered(this.#connected, FIND_MS);
    return await answered(records.find(key), FIND_MS);
  }

  async flush(): Promise<void> {
    try {
      await this.#flush();
    } catch (error) {
      // What is left then waits for whoever works on the queue.
      if (!this.#isOver) throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { closeTimeoutMs } = this.#parts.limits;
    // What waits in Redis is lost to nobody, but there may be no other process to save it.
    if (this.#settings.isWorker) await answered(this.flush(), closeTimeoutMs).catch(() => {});
    this.#isOver = true;
    clearInterval(this.#lookTimer);
    const connected = await answered(this.#connected, Math.min(ANSWER_MS, closeTimeoutMs)).catch(() => undefined);
    connected?.worker?.close();
    if (connected !== undefined) await this.#leave(connected);
    const late = connected?.worker?.ended();
    // Also of a server that has never been there: its clients would look for it for ever, and keep the process.
    for (const client of this.#clients) if (late === undefined || client !== connected?.own) destroy(client);
    // What the database has not answered keeps its lease: nobody saves something newer before it. It keeps no process.
    if (late !== undefined) connected?.own.unref();
    void late?.then(() => connected && destroy(connected.own));
  }

  async #flush(): Promise<void> {
    const { records, jobs, worker } = await this.#connected;
    const version = await records.lastVersion();
    worker?.hurry();
    let [hurryAt, restMs] = [0, AGAIN_MS];
    while (!this.#isOver && (await records.countUpTo(version)) > 0) {
      // Again, as one of them may have got its job since, and less often, as another may be one that the database refuses each time.
      if (performance.now() >= hurryAt) {
        await jobs.hurry();
        hurryAt = performance.now() + restMs;
        restMs = Math.min(2 * restMs, HURRY_MS);
      }
      await pause(AGAIN_MS);
    }
    if (!this.#isOver) this.#size = await records.count();
  }

  async #leave({ worker, close }: Connected): Promise<void> {
    const closing = close();
    try {
      await answered(closing, this.#parts.limits.closeTimeoutMs);
    } catch {
      worker?.abandon();
      if (worker?.ended() !== undefined) await answered(closing, LEAVE_MS).catch(() => {});
    }
  }

  async #put(key: WriteKey, bytes: Buffer | undefined): Promise<'put' | 'full'> {
    const { name, limits } = this.#parts;
    try {
      const { records, jobs } = await answered(this.#connected, ANSWER_MS);
      const answer = await records.put(key, bytes, limits.maxPending);
      if (answer === 'full') return 'full';
      if (answer.isNew) await answered(jobs.add(fieldOf(key), answer.generation, limits.flushEveryMs), ANSWER_MS);
      return 'put';
    } catch (cause) {
      throw new WriteRefusedError(name, key, 'queue', (cause as Error).message, { cause });
    }
  }

  async #connect(): Promise<Connected> {
    const [redis, bull] = await Promise.all([this.#parts.redis(), this.#parts.bull()]);
    const { client: options, prefix, isWorker, leaseMs } = this.#settings;
    let version: string | undefined;
    const note = (client: RedisClient): RedisClient => {
      this.#clients.push(client);
      client.on('error', (error: Error) => this.#failed(error));
      // It asks each of its connections, and makes lines on the console of what it hears.
      client.info = async () => version ?? '';
      // BullMQ makes another one of one that it is given, and does not always let go of it where there is no server any more.
      const { duplicate } = client;
      client.duplicate = (overrides) => note(duplicate.call(client, overrides));
      return client;
    };
    const open = (more: ClientOptions = {}): RedisClient => note(redis.createClient({ ...options, ...more }));
    // Who asks it is told at once that it is not there, rather than when it is.
    const own = open({ disableOfflineQueue: true });
    const space = encodeURIComponent(this.#parts.name);
    const records = new QueueRecords(own, `{${prefix}:${space}}`, this.#holder);
    if (this.#isOver) throw new Error('it is closed');
    await own.connect();
    await records.checkServer(`{${prefix}}:${space}:meta`);
    const info = await records.serverInfo();
    if (this.#isOver) throw new Error('it is closed');
    const policy = evictionOf(info);
    if (policy !== undefined)
      this.#parts.warn(
        `the server of queue ${this.#parts.name} may evict what it keeps, and a write that was acknowledged is then lost, or saved out of order: set its maxmemory-policy, which is ${policy}, to noeviction`,
      );
    // Without it BullMQ waits for whole seconds, whatever flushEvery is.
    version = versionOf(info);
    const base = { prefix: `{${prefix}}`, skipVersionCheck: version === undefined };
    const queue: Queue<JobData> = new bull.Queue(space, { ...base, connection: open() as never });
    queue.on('error', (error) => this.#failed(error));
    const jobs = new QueueJobs(queue, this.#parts.name);
    let worker: QueueWorker | undefined;
    let working: Worker<JobData> | undefined;
    if (isWorker) {
      const saver = new QueueWorker(this.#parts, records, bull, leaseMs);
      worker = saver;
      const work = async (job: Job<JobData>, token?: string): Promise<void> => {
        try {
          await saver.work(job, token);
        } finally {
          // What comes of the job is not to be hidden by a count that fails.
          this.#size = await records.count().catch(() => this.#size);
        }
      };
      working = new bull.Worker<JobData>(space, work, {
        ...base,
        connection: open() as never,
        concurrency: this.#parts.limits.flushSize,
        lockDuration: leaseMs,
        stalledInterval: Math.max(100, leaseMs / 2),
        maxStalledCount: ALWAYS,
        settings: { backoffStrategy: (attempts, _type, error) => QueueWorker.restOf(attempts, error) },
      });
      working.on('error', (error) => this.#failed(error));
      this.#look(records, jobs);
    }
    const close = async (): Promise<void> => {
      await working?.close();
      await jobs.close();
    };
    return { own, records, jobs, worker, close };
  }

  /** What goes wrong with what is being let go of is nobody's concern. */
  #failed(error: Error): void {
    if (!this.#isOver) this.#parts.onFailure(error);
  }

  /** Gives those a job that have lost theirs: whoever has put them has ended before he could, or somebody has removed it. */
  #look(records: QueueRecords, jobs: QueueJobs): void {
    const look = async (): Promise<void> => {
      const found = await records.waitingFor(LOOK_AFTER_MS, this.#lookFrom, LOOK_AT);
      this.#lookFrom = found.length < LOOK_AT ? 0 : this.#lookFrom + LOOK_AT;
      for (const [field, generation] of found)
        await jobs.ensure(field, generation).catch((error) => this.#failed(error));
      this.#size = await records.count();
    };
    const run = (): void => void look().catch((error) => this.#failed(error));
    run();
    this.#lookTimer = setInterval(run, LOOK_EVERY_MS).unref();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function destroy(client: RedisClient): void {
  try {
    client.destroy();
  } catch {
    // It was closed already.
  }
}
