import type { Clock } from '../../ports/clock.js';
import type { PendingWrite, Save } from './write-queue.js';

/** What outlives the process: each write is in there before it is acknowledged. */
export interface WriteLog {
  /** Writes of a process that has ended before they were saved. */
  readonly recovered: readonly PendingWrite[];
  /** The largest version that was ever in it, of whichever process; 0 where none was. */
  readonly lastVersion: number;
  append(write: PendingWrite): Promise<void>;
  /** A write, or whatever came before it of its key, is no longer needed. */
  forget(write: PendingWrite): void;
  /** Calls back when another process has what is in it by now, and saves that. */
  onLost(listener: () => void): void;
  close(): Promise<void>;
}

/** The bounds of a queue, in milliseconds and numbers. */
export interface QueueLimits {
  readonly flushEveryMs: number;
  readonly flushSize: number;
  readonly maxPending: number;
  readonly maxPendingBytes: number;
  readonly fullTimeoutMs: number;
  readonly retryForMs: number;
  readonly closeTimeoutMs: number;
}

/** What a queue stands on. */
export interface LocalQueueParts {
  /** The strategy's, for errors. */
  readonly name: string;
  readonly limits: QueueLimits;
  readonly clock: Clock;
  readonly log: WriteLog | undefined;
  readonly save: Save;
  /** False for an error that will be the same however often the write is tried. */
  mayRetry(error: unknown): boolean;
  /** Told of a write that is given up, before it is forgotten. Never rejects. */
  giveUp(write: PendingWrite, error: unknown, attempts: number): Promise<void>;
  /** Told that some were not saved, and will be tried again. */
  failed(writes: readonly PendingWrite[], error: unknown): void;
  /** Keeps the process until what it returns is called. */
  keep(): () => void;
}
