import type * as Bull from 'bullmq';

/** BullMQ: as much of it as is used here. */
export type BullLibrary = Pick<typeof Bull, 'Queue' | 'Worker' | 'DelayedError' | 'UnrecoverableError'>;

/** Imports BullMQ, of whatever version there is. */
export async function loadBullLibrary(): Promise<BullLibrary> {
  return await import('bullmq');
}
