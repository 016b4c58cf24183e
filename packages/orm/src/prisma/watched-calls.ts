import { isTracking } from '@viewcache/core/tracking';
import type { StatementResult } from '../source/outcome.js';
import type { Told } from '../source/told.js';
import type { WatchedSource } from '../source/watched-source.js';
import { countedResult, failureOf, type OutcomeLookup, returnedResult } from './outcome-of.js';
import type { AdapterQuery, AdapterQueryable } from './prisma-types.js';

/** Who hears of what an adapter sends. */
export interface AdapterEar extends OutcomeLookup {
  /** Those that watch at the moment. */
  sources(): readonly WatchedSource[];
  /** The adapter is used no longer. */
  disposed(): void;
}

/** What else is to be known of how statements end. */
export interface CallEnds {
  failed(isUnknown: boolean): void;
  /** @returns what the database has answered, where that is not what it was asked for */
  done(sql: string): string | undefined;
}

type Sent = Pick<AdapterQuery, 'sql' | 'args'>;

/** The calls of an adapter, or of a transaction of one, that send a statement each. */
export function watchedCalls(
  target: AdapterQueryable,
  ear: AdapterEar,
  scopeOf: () => object,
  ends?: CallEnds,
): AdapterQueryable {
  return {
    queryRaw: (query) =>
      goesOn(ear, query.sql, ends)
        ? target.queryRaw(query)
        : watchedRun(
            ear,
            scopeOf(),
            query,
            () => target.queryRaw(query),
            (result) => [returnedResult(query.sql, result, ear)],
            ends,
          ),
    executeRaw: (query) =>
      goesOn(ear, query.sql, ends)
        ? target.executeRaw(query)
        : watchedRun(
            ear,
            scopeOf(),
            query,
            () => target.executeRaw(query),
            (affected) => [countedResult(query.sql, affected)],
            ends,
          ),
  };
}

/** Most statements read, and what they read nobody wants to know, or knows by the call that they come from. */
function goesOn(ear: AdapterEar, sql: string, ends: CallEnds | undefined): boolean {
  if (ends !== undefined || isTracking()) return false;
  for (const source of ear.sources()) if (!source.onlyReads(sql)) return false;
  return true;
}

/** Sends something, and tells of it: what it reads before, what has come of it before its caller goes on. */
export function watchedRun<T>(
  ear: AdapterEar,
  scope: object,
  sent: Sent,
  send: () => Promise<T>,
  resultsOf: (result: T) => readonly StatementResult[],
  ends?: CallEnds,
): Promise<T> {
  const sources = ear.sources();
  const read = sources.map((source) => source.reading(scope, sent.sql, sent.args));
  return told(sources, scope, sent, { send, read, resultsOf, ends });
}

interface Call<T> {
  readonly send: () => Promise<T>;
  readonly read: readonly ((() => void) | undefined)[];
  readonly resultsOf: (result: T) => readonly StatementResult[];
  readonly ends: CallEnds | undefined;
}

async function told<T>(
  sources: readonly WatchedSource[],
  scope: object,
  { sql, args }: Sent,
  { send, read, resultsOf, ends }: Call<T>,
): Promise<T> {
  let result: T;
  try {
    result = await send();
  } catch (error) {
    const failure = failureOf(error);
    ends?.failed(failure.isUnknown);
    await all(sources.map((source) => source.ran(scope, sql, args, failure)));
    throw error;
  }
  const answered = ends?.done(sql);
  const results = answered === undefined ? resultsOf(result) : [{ command: answered, affected: undefined }];
  await all(sources.map((source) => source.ran(scope, sql, args, { kind: 'done', results })));
  for (const end of read) end?.();
  return result;
}

export function all(told: readonly Told[]): Told {
  const waited = told.filter((each) => each !== undefined);
  return waited.length < 2 ? waited[0] : Promise.all(waited).then(() => {});
}
