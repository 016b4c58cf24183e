import type { Attempt } from './ask-server.js';
import type { WarmProblem } from './warm-types.js';

/** One request or call to make. */
export interface Task {
  /** What it is called where it comes to nothing. */
  readonly what: string;
  /** What it means where this cache was not asked. */
  readonly unseen: string;
  /** The key of it as events have it, where that is known. */
  readonly key?: string | undefined;
  /** Whether an event is of this. */
  isMeant(key: string, type: string): boolean;
  begin(): Attempt;
}

/** What is to be done, and what of the source is not. */
export interface Tasks {
  readonly tasks: readonly Task[];
  readonly skipped: readonly WarmProblem[];
  readonly isCut: boolean;
}

/** What a source has come to. */
export interface ReadTasks extends Tasks {
  /** The same where the same is to be done, in each process. */
  readonly digest: string;
}
