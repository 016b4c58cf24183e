import type { Job } from 'bullmq';
import type { LocalQueueParts } from '../../values/strategies/local-queue-parts.js';
import { restAfter } from '../../values/strategies/pace.js';
import type { PendingWrite } from '../../values/strategies/write-queue.js';
import type { BullLibrary } from './bull-library.js';
import type { JobData } from './queue-jobs.js';
import { fieldOf, type QueueRecords } from './queue-records.js';
import { SaveBatches } from './save-batches.js';

/** What whoever works on a queue stands on. */
export interface QueueWorkerParts extends Pick<LocalQueueParts, 'save' | 'mayRetry' | 'failed' | 'giveUp' | 'limits'> {
  /** Told once more of a write that was given up, when nobody finds it any more: who did until then may have stored it. Never rejects. */
  forget(write: PendingWrite): Promise<void>;
}

/** What becomes of a job: its write is saved, or it goes once more, or it has failed for ever. */
type JobEnd =
  | { readonly kind: 'done' }
  | { readonly kind: 'later'; readonly ms: number }
  | { readonly kind: 'refused' | 'given up'; readonly error: unknown; readonly attempts: number };

/** Saves the newest write of a key of which there is a job, under a lease of the key. */
export class QueueWorker {
  readonly #parts: QueueWorkerParts;
  readonly #records: QueueRecords;
  readonly #bull: BullLibrary;
  readonly #leaseMs: number;
  readonly #batches: SaveBatches;
  /** What is being saved, and how its job is let go of before that has an end. */
  readonly #underWay = new Map<Promise<unknown>, (end: JobEnd) => void>();

  constructor(parts: QueueWorkerParts, records: QueueRecords, bull: BullLibrary, leaseMs: number) {
    this.#parts = parts;
    this.#records = records;
    this.#bull = bull;
    this.#leaseMs = leaseMs;
    this.#batches = new SaveBatches(parts);
  }

  /** How long a job rests that has failed. */
  static restOf(attempts: number, error: Error | undefined): number {
    return restAfter(error instanceof RefusedWrite ? error.attempts : attempts);
  }

  /**
   * Works on a job of BullMQ.
   *
   * @throws what tells BullMQ what becomes of the job, where it is not done
   */
  async work(job: Job<JobData>, token: string | undefined): Promise<void> {
    const end = await this.#turn(job.data.field);
    if (end.kind === 'done') return;
    if (end.kind === 'later') {
      await job.moveToDelayed(Date.now() + end.ms, token);
      throw new this.#bull.DelayedError();
    }
    if (end.kind === 'given up') throw new this.#bull.UnrecoverableError(`given up: ${end.error}`);
    throw new RefusedWrite(end.error, end.attempts);
  }

  hurry(): void {
    this.#batches.hurry();
  }

  /** What has not gone to the database by now does not go. */
  close(): void {
    this.#batches.close();
  }

  /** Lets go of the jobs whose writes the database has not answered. Their keys stay under lease until it has. */
  abandon(): void {
    for (const leave of this.#underWay.values()) leave({ kind: 'later', ms: 0 });
  }

  /** Resolves when the database has answered all that it was given; `undefined` where it has. */
  ended(): Promise<unknown> | undefined {
    return this.#underWay.size === 0 ? undefined : Promise.allSettled(this.#underWay.keys());
  }

  async #turn(field: string): Promise<JobEnd> {
    const taken = await this.#records.take(field, this.#leaseMs);
    if (taken === 'none') return { kind: 'done' };
    if (taken === 'held') return this.#whenFree();
    const saving = this.#save(taken);
    return await new Promise<JobEnd>((resolve, reject) => {
      this.#underWay.set(saving, resolve);
      void saving.then(resolve, reject).finally(() => this.#underWay.delete(saving));
    });
  }

  async #save(taken: PendingWrite): Promise<JobEnd> {
    const field = fieldOf(taken.key);
    const failure = await this.#holding(field, this.#batches.send(taken));
    if (failure === undefined) return await this.#settle(taken, { kind: 'done' });
    const { error, isOwn } = failure;
    if (!isOwn) return await this.#release(field, { kind: 'later', ms: 0 });
    const { attempts, forMs } = await this.#records.fail(taken);
    if (this.#parts.mayRetry(error) && forMs < this.#parts.limits.retryForMs) {
      this.#parts.failed([taken], error);
      return await this.#release(field, { kind: 'refused', error, attempts });
    }
    await this.#holding(field, this.#parts.giveUp(taken, error, attempts));
    const end = await this.#settle(taken, { kind: 'given up', error, attempts });
    if (end.kind === 'given up') await this.#parts.forget(taken);
    return end;
  }

  /** For as long as it takes no other process saves anything of the key, unless this one is halted. */
  async #holding<T>(field: string, work: Promise<T>): Promise<T> {
    const renew = (): void => void this.#records.renew(field, this.#leaseMs).catch(() => {});
    const renewal = setInterval(renew, this.#leaseMs / 3).unref();
    // It ends before the lease is given back: what comes after that would take it again.
    return await work.finally(() => clearInterval(renewal));
  }

  /** @returns the end of a job whose write has come to one, unless another write has come meanwhile, which has no job of its own */
  async #settle(taken: PendingWrite, end: JobEnd): Promise<JobEnd> {
    const said = await this.#records.settle(taken);
    if (said === 'newer') return { kind: 'later', ms: this.#parts.limits.flushEveryMs };
    // Whoever has the lease by now may have come by another job, or may have ended.
    return said === 'lost' ? this.#whenFree() : end;
  }

  async #release(field: string, end: JobEnd): Promise<JobEnd> {
    await this.#records.release(field).catch(() => {});
    return end;
  }

  #whenFree(): JobEnd {
    return { kind: 'later', ms: this.#leaseMs / 4 };
  }
}

/** What a job fails with: it rests for as long as its write was refused, and not the ones before it. */
class RefusedWrite extends Error {
  readonly attempts: number;

  constructor(cause: unknown, attempts: number) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.attempts = attempts;
  }
}
