import { ignoreRejection } from '../base/answer.js';
import { printable } from '../base/printable.js';
import type { Clock } from '../ports/clock.js';
import type { Attempt } from './ask-server.js';
import { type Found, type Outcomes, Report } from './outcomes.js';
import { Pace } from './pace.js';
import type { Task, Tasks } from './task.js';
import type { WarmSettings } from './warm-options.js';
import type { WarmProblem, WarmProgress } from './warm-types.js';

type Failed = { readonly outcome: 'failed' } & Pick<WarmProblem, 'reason' | 'detail'>;
type End = Found | Failed;

/** Problems that are told one by one. */
const MOST_PROBLEMS = 1_000;

/** One warming: asks for all that is to be done, a few at a time, and counts what became of it. */
export class Run {
  readonly problems: WarmProblem[];
  readonly #tasks: readonly Task[];
  readonly #settings: WarmSettings;
  readonly #outcomes: Outcomes;
  readonly #clock: Clock;
  readonly #onProgress: ((progress: WarmProgress) => void) | undefined;
  readonly #giveUps = new Set<() => void>();
  readonly #counts = { done: 0, hits: 0, stored: 0, refused: 0, failed: 0, skipped: 0 };
  #next = 0;

  constructor(
    { tasks, skipped }: Tasks,
    settings: WarmSettings,
    outcomes: Outcomes,
    clock: Clock,
    onProgress: ((progress: WarmProgress) => void) | undefined,
  ) {
    this.#tasks = tasks;
    this.#settings = settings;
    this.#outcomes = outcomes;
    this.#clock = clock;
    this.#onProgress = onProgress;
    this.#counts.skipped = skipped.length;
    this.problems = skipped.slice(0, MOST_PROBLEMS);
  }

  get progress(): WarmProgress {
    return { total: this.#tasks.length, ...this.#counts };
  }

  /** Resolves when all is over, or as soon as the signal has come. */
  async all(signal: AbortSignal): Promise<void> {
    const pace = new Pace(this.#clock, this.#settings.rate);
    const giveUpAll = (): void => {
      for (const giveUp of this.#giveUps) giveUp();
    };
    signal.addEventListener('abort', giveUpAll);
    const work = async (): Promise<void> => {
      while (!signal.aborted && this.#next < this.#tasks.length) {
        const task = this.#tasks[this.#next++] as Task;
        await pace.turn(signal);
        if (signal.aborted) return;
        const end = await this.#one(task);
        if (end !== undefined) this.#count(task, end);
      }
    };
    try {
      await Promise.all(Array.from({ length: this.#settings.concurrency }, work));
    } finally {
      signal.removeEventListener('abort', giveUpAll);
    }
  }

  /** `undefined` where it was given up. */
  #one(task: Task): Promise<End | undefined> {
    const report = new Report(task.isMeant);
    if (task.key !== undefined) this.#outcomes.expect(task.key, report);
    return new Promise((resolve) => {
      let attempt: Attempt | undefined;
      let isGivenUp = false;
      const end = (found: End | undefined): void => {
        timer.cancel();
        this.#giveUps.delete(giveUp);
        this.#outcomes.forget(report);
        resolve(found);
      };
      const giveUp = (found?: End): void => {
        isGivenUp = true;
        end(found);
        attempt?.hangUp();
      };
      const timer = this.#clock.after(this.#settings.timeoutMs, () => giveUp({ outcome: 'failed', reason: 'timeout' }));
      this.#giveUps.add(giveUp);
      attempt = this.#outcomes.during(report, task.begin);
      // Its own handler may have ended the warming.
      if (isGivenUp) attempt.hangUp();
      judged(attempt, report, task).then(end, (error: unknown) => end(failedBy(error)));
    });
  }

  #count(task: Task, end: End): void {
    this.#counts.done++;
    if (!('reason' in end)) this.#counts[end.outcome === 'hit' ? 'hits' : 'stored']++;
    else {
      const { outcome, reason, detail } = end;
      this.#counts[outcome]++;
      if (this.problems.length < MOST_PROBLEMS) this.problems.push({ what: task.what, outcome, reason, detail });
    }
    try {
      ignoreRejection(this.#onProgress?.(this.progress));
    } catch {
      // A listener's bug is the listener's.
    }
  }
}

async function judged(attempt: Attempt, report: Report, { unseen }: Task): Promise<End> {
  const status = await attempt.answered;
  const found = await report.answered();
  if (found.outcome !== 'refused') {
    const why = attempt.whyMissed?.(found.key);
    return why === undefined ? found : { outcome: 'refused', reason: 'other-key', detail: why };
  }
  // What is stale may stand for a handler that fails, and then it is a hit.
  if (status >= 500) return { outcome: 'failed', reason: 'status', detail: String(status) };
  if (found.reason === 'status') return { ...found, detail: String(status) };
  // Somebody in front has answered: a limiter, a login, or no route at all.
  return found.reason === 'no-view' ? { ...found, detail: status === 200 ? unseen : `answered with ${status}` } : found;
}

function failedBy(error: unknown): Failed {
  const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { outcome: 'failed', reason: 'error', detail: printable(said).slice(0, 200) };
}
