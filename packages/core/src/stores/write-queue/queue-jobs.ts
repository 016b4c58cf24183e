import type { Queue } from 'bullmq';

/** A job is tried until its write is given up, which is said by other means. */
const ALWAYS = 2 ** 31 - 1;
/** Of jobs whose write was given up, so many are kept to be looked at. */
const KEPT = 1_000;

/** What a job says: that a key has a write that waits. */
export interface JobData {
  readonly field: string;
}

/** Jobs of BullMQ, one of each key with a write that waits. */
export class QueueJobs {
  readonly #queue: Queue<JobData>;
  readonly #name: string;

  /** @param name - what its jobs are called */
  constructor(queue: Queue<JobData>, name: string) {
    this.#queue = queue;
    this.#name = name;
  }

  /** One that is there already is left as it is. */
  async add(field: string, generation: number, delay: number): Promise<void> {
    await this.#queue.add(
      this.#name,
      { field },
      {
        jobId: idOf(field, generation),
        delay,
        attempts: ALWAYS,
        backoff: { type: 'custom' },
        removeOnComplete: true,
        removeOnFail: { count: KEPT },
      },
    );
  }

  /** Sees to it that a write that waits has a job that will be worked on. */
  async ensure(field: string, generation: number): Promise<void> {
    const id = idOf(field, generation);
    const state = await this.#queue.getJobState(id);
    // Nobody adds one beside one that has ended, or that is in no list any more.
    if (state === 'failed' || state === 'completed') await (await this.#queue.getJob(id))?.retry(state);
    else if (state === 'unknown') {
      await this.#queue.remove(id);
      await this.add(field, generation, 0);
    }
  }

  /** Lets all that wait for their time be worked on now. */
  async hurry(): Promise<void> {
    await this.#queue.promoteJobs();
  }

  async close(): Promise<void> {
    await this.#queue.close();
  }
}

/** Of which no other is: versions, of which a generation is one, are drawn once. */
function idOf(field: string, generation: number): string {
  return `${encodeURIComponent(field).slice(0, 100)}-${generation}`;
}
