import { randomBytes } from 'node:crypto';
import type { Job, Queue, Worker } from 'bullmq';
import { WriteRefusedError } from '../../base/write-errors.js';
import type { LocalQueueParts } from '../../values/strategies/local-queue-parts.js';
import { restAfter } from '../../values/strategies/pace.js';
import type { PendingWrite, SaveFailure, WriteKey, WriteQueue } from '../../values/strategies/write-queue.js';
import type { ClientOptions, RedisClient, RedisLibrary } from '../redis/library.js';
import { answered } from './answered.js';
import type { BullLibrary } from './bull-library.js';
import { ANSWER_MS, fieldOf, QueueRecords } from './queue-records.js';
import { SaveBatches } from './save-batches.js';

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
export interface DurableQueueParts extends Omit<LocalQueueParts, 'clock' | 'log' | 'keep'> {
  /** Told of what went wrong with the server. */
  onFailure(error: Error): void;
  redis(): Promise<RedisLibrary>;
  bull(): Promise<BullLibrary>;
}

/** How long a full queue, and one that is flushed, is left alone before it is asked again. */
const AGAIN_MS = 50;
/** Longest time that a read waits for it. */
const FIND_MS = 1_000;
/** A write whose job is not there by now has lost it. */
const LOST_AFTER_MS = 30_000;
const LOOK_EVERY_MS = 15_000;
const LOOK_AT = 1_000;
/** A job is tried until its write is given up, which is said by other means. */
const ALWAYS = 2 ** 31 - 1;
/** Of jobs whose write was given up, so many are kept to be looked at. */
const KEPT = 1_000;

interface JobData {
  readonly field: string;
}

/** What is open of the server. */
interface Connected {
  readonly records: QueueRecords;
  readonly queue: Queue<JobData>;
  readonly worker: Worker<JobData> | undefined;
  close(): Promise<void>;
}

/**
 * Writes that wait in Redis: one of each key, the newest, and a job of BullMQ for it. Whoever works on the job takes the newest
 * write under a lease of its key, so that no two processes save one key at once, whatever becomes of the job.
 */
export class DurableQueue implements WriteQueue {
  readonly #parts: DurableQueueParts;
  readonly #settings: DurableSettings;
  readonly #batches: SaveBatches;
  readonly #holder = randomBytes(9).toString('base64url');
  readonly #clients: RedisClient[] = [];
  readonly #connected: Promise<Connected>;
  #isClosed = false;
  #size = 0;
  #lookFrom = 0;
  #lookTimer: NodeJS.Timeout | undefined;

  constructor(parts: DurableQueueParts, settings: DurableSettings) {
    this.#parts = parts;
    this.#settings = settings;
    this.#batches = new SaveBatches(parts);
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
    const { records, queue } = await this.#connected;
    const version = await records.lastVersion();
    this.#batches.hurry();
    // What is left then waits for whoever works on the queue.
    while (!this.#isClosed && (await records.countUpTo(version)) > 0) {
      await queue.promoteJobs();
      await pause(AGAIN_MS);
    }
    if (!this.#isClosed) this.#size = await records.count();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#lookTimer);
    const { closeTimeoutMs } = this.#parts.limits;
    const connected = await answered(this.#connected, Math.min(ANSWER_MS, closeTimeoutMs)).catch(() => undefined);
    this.#batches.close();
    if (connected !== undefined) await answered(connected.close(), closeTimeoutMs).catch(() => {});
    // Also of a server that has never been there: its clients would look for it for ever, and keep the process.
    for (const client of this.#clients) destroy(client);
  }

  async #put(key: WriteKey, bytes: Buffer | undefined): Promise<'put' | 'full'> {
    const { name, limits } = this.#parts;
    try {
      const { records, queue } = await answered(this.#connected, ANSWER_MS);
      const answer = await records.put(key, bytes, limits.maxPending);
      if (answer === 'full') return 'full';
      if (answer.isNew)
        await answered(this.#addJob(queue, fieldOf(key), answer.generation, limits.flushEveryMs), ANSWER_MS);
      return 'put';
    } catch (cause) {
      throw new WriteRefusedError(name, key, 'queue', (cause as Error).message, { cause });
    }
  }

  /** One that is there already is left as it is. */
  async #addJob(queue: Queue<JobData>, field: string, generation: number, delay: number): Promise<void> {
    await queue.add(
      this.#parts.name,
      { field },
      {
        jobId: `${encodeURIComponent(field).slice(0, 100)}-${generation}`,
        delay,
        attempts: ALWAYS,
        backoff: { type: 'custom' },
        removeOnComplete: true,
        removeOnFail: { count: KEPT },
      },
    );
  }

  async #connect(): Promise<Connected> {
    const [redis, bull] = await Promise.all([this.#parts.redis(), this.#parts.bull()]);
    const { client: options, prefix, isWorker, leaseMs } = this.#settings;
    const note = (client: RedisClient): RedisClient => {
      this.#clients.push(client);
      client.on('error', (error: Error) => this.#failed(error));
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
    if (this.#isClosed) throw new Error('it is closed');
    await own.connect();
    await records.checkServer(`{${prefix}}:${space}:meta`);
    if (this.#isClosed) throw new Error('it is closed');
    const base = { prefix: `{${prefix}}`, skipVersionCheck: true };
    const queue: Queue<JobData> = new bull.Queue(space, { ...base, connection: open() as never });
    queue.on('error', (error) => this.#failed(error));
    let worker: Worker<JobData> | undefined;
    if (isWorker) {
      worker = new bull.Worker<JobData>(space, (job, token) => this.#work(records, bull, job, token), {
        ...base,
        connection: open() as never,
        concurrency: this.#parts.limits.flushSize,
        lockDuration: leaseMs,
        stalledInterval: Math.max(100, leaseMs / 2),
        // However often a process dies with it: it is not the write's fault.
        maxStalledCount: ALWAYS,
        settings: { backoffStrategy: (attempts) => restAfter(attempts) },
      });
      worker.on('error', (error) => this.#failed(error));
      this.#look(records, queue);
    }
    const close = async (): Promise<void> => {
      await worker?.close();
      await queue.close();
    };
    return { records, queue, worker, close };
  }

  /** Saves the newest write of a key. */
  async #work(records: QueueRecords, bull: BullLibrary, job: Job<JobData>, token?: string): Promise<void> {
    const { leaseMs } = this.#settings;
    const { field } = job.data;
    const later = async (ms: number): Promise<never> => {
      await job.moveToDelayed(Date.now() + ms, token);
      throw new bull.DelayedError();
    };
    const taken = await records.take(field, leaseMs);
    if (taken === 'none') return;
    if (taken === 'held') return await later(leaseMs / 4);
    const renewal = setInterval(() => void records.renew(field, leaseMs).catch(() => {}), leaseMs / 3);
    let failure: SaveFailure | undefined;
    try {
      failure = await this.#batches.send(taken);
      if (failure !== undefined && this.#isOver(failure, job)) {
        await this.#parts.giveUp(taken, failure.error, job.attemptsMade + 1);
        await records.settle(taken);
        throw new bull.UnrecoverableError(`given up: ${failure.error}`);
      }
    } finally {
      clearInterval(renewal);
    }
    if (failure !== undefined) {
      await records.release(field).catch(() => {});
      if (!failure.isOwn) return await later(0);
      this.#parts.failed([taken], failure.error);
      throw failure.error instanceof Error ? failure.error : new Error(String(failure.error));
    }
    // Another one has come while this one was saved, and has no job of its own.
    if ((await records.settle(taken)) === 'newer') await later(this.#parts.limits.flushEveryMs);
    this.#size = await records.count();
  }

  #isOver({ error, isOwn }: SaveFailure, job: Job<JobData>): boolean {
    const { mayRetry, limits } = this.#parts;
    return isOwn && (!mayRetry(error) || Date.now() - job.timestamp >= limits.retryForMs);
  }

  /** What goes wrong with what is being let go of is nobody's concern. */
  #failed(error: Error): void {
    if (!this.#isClosed) this.#parts.onFailure(error);
  }

  /** Gives those a job that have lost theirs: whoever has put them has ended before he could, or somebody has removed it. */
  #look(records: QueueRecords, queue: Queue<JobData>): void {
    const look = async (): Promise<void> => {
      const before = (await records.lastVersion()) - LOST_AFTER_MS * 1000;
      const found = await records.waitingSince(before, this.#lookFrom, LOOK_AT);
      this.#lookFrom = found.length < LOOK_AT ? 0 : this.#lookFrom + LOOK_AT;
      for (const [field, generation] of found) await this.#addJob(queue, field, generation, 0);
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
