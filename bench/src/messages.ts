/** What the bench asks a server over the channel between the two processes. */
export type Question = 'sample';

/** The server listens and may be loaded. */
export interface Ready {
  kind: 'ready';
  port: number;
  node: string;
}

/** What a server spent and did since it started. */
export interface Sample {
  kind: 'sample';
  /** User and system CPU time of the whole process, its garbage collector's threads included, in microseconds. */
  cpuMicros: number;
  /** How many times the handler behind the cache ran. */
  handlerRuns: number;
  /** How many times the guard in front of it ran, where there is one. */
  guardRuns?: number;
  /** How many stored responses the cache holds, where it can say. */
  entries?: number;
}

export type Answer = Ready | Sample;
