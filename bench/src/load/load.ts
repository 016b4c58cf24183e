/** What a load generator is asked to do. */
export interface LoadTask {
  port: number;
  path: string;
  /** Makes every URL one that was never asked for before, by a query beginning with this word. */
  uniqueQuery?: string;
  /** Asks for that many URLs in turn, told apart by their query. */
  urls?: number;
  seconds: number;
}

/** What it did. */
export interface LoadResult {
  requests: number;
  seconds: number;
}

/** Keeps {@link CONNECTIONS} connections busy from a process on a core of its own. */
export interface LoadGenerator {
  readonly name: string;
  /** Asks faster than any server answers, so that the server is never idle. */
  readonly saturates: boolean;
  run(task: LoadTask): Promise<LoadResult>;
}

/** Enough to keep a server busy all the time, few enough for one load process. */
export const CONNECTIONS = 64;

/** A load process that has not ended this long after its time is broken. */
export const LOAD_GRACE_MS = 15_000;
