import { isTracking } from '@viewcache/core/tracking';
import type { Outcome } from '../source/outcome.js';
import type { Told } from '../source/told.js';
import type { WatchedSource } from '../source/watched-source.js';
import { endsTransaction, type OutcomeLookup } from './outcome-of.js';

/** One watch of an ORM, as what carries out its statements knows it. */
export interface MikroParty {
  readonly source: WatchedSource;
  readonly lookup: OutcomeLookup;
  readonly tracksReads: boolean;
  /** A statement is about to be sent. */
  woken(): void;
}

/** A statement, and what it is sent by. */
export interface Sent {
  /** To which transactions belong: the connection of the client that MikroORM stands on. */
  readonly scope: object;
  readonly sql: string;
  readonly parameters: unknown;
}

/** How it is told what came of a statement: each is called once, and what it returns once for each who watches. */
export interface Ending<T> {
  done(result: T): (lookup: OutcomeLookup) => Outcome;
  failed(error: unknown): (lookup: OutcomeLookup) => Outcome;
}

/** Carries out a statement, and tells all who watch what came of it before its caller goes on. */
export async function carryOut<T>(
  sent: Sent,
  parties: readonly MikroParty[],
  work: () => Promise<T>,
  { done, failed }: Ending<T>,
): Promise<T> {
  const { scope, sql, parameters } = sent;
  for (const party of parties) party.woken();
  const isRead = parties.every(({ source }) => source.onlyReads(sql));
  // Most statements read, and most of those nobody keeps: they go straight on.
  if (isRead && !isTracking()) return await work();
  const ended = parties.map(({ source }) => source.reading(scope, sql, parameters));
  const tell = (outcome: (lookup: OutcomeLookup) => Outcome): Told => {
    const told = parties.flatMap(({ source, lookup }, i) => {
      const said = isRead ? undefined : source.ran(scope, sql, parameters, outcome(lookup));
      ended[i]?.();
      return said ?? [];
    });
    return told.length < 2 ? told[0] : Promise.all(told).then(() => {});
  };
  let result: T;
  try {
    result = await work();
  } catch (error) {
    for (const { source, lookup } of parties) if (endsTransaction(error, lookup.dialect)) source.rolledBack(scope);
    await tell(failed(error));
    throw error;
  }
  await tell(done(result));
  return result;
}
