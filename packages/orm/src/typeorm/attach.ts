import { refuseRunning } from '@viewcache/core/tracking';
import { findScopesBy, meet } from '../source/registry.js';
import { Replaced } from '../source/replaced.js';
import { connectionOfHeld } from './connections.js';
import type { DataSourceLike, QueryRunnerLike, ResultCacheLike } from './typeorm-types.js';
import { type TypeOrmParty, unheard, watchRunner } from './watched-runner.js';

/** A watch, as its data source knows it. */
export interface Attached extends TypeOrmParty {
  readonly tracksReads: boolean;
  /** The data source is about to be used: what it says of its tables may have changed. */
  woken(): void;
  /**
   * It is about to be initialized.
   *
   * @returns to be called when that has come to its end, which is then awaited
   */
  initializing(): () => Promise<void>;
}

const runners: Replaced<Attached> = new Replaced('createQueryRunner', (original) => {
  return function createQueryRunner(...given) {
    const dataSource = this as DataSourceLike;
    const runner = original.apply(this, given) as QueryRunnerLike;
    const parties = runners.partiesOf(dataSource);
    if (parties === undefined || parties.size === 0) return runner;
    for (const party of parties) party.woken();
    watchRunner(dataSource, runner, () => runners.partiesOf(dataSource));
    return runner;
  };
});

/** Whoever awaits it may rely on the tables being known. */
const beginnings: Replaced<Attached> = new Replaced('initialize', (original, parties) => {
  return async function initialize(...given) {
    const ends = [...parties].map((party) => party.initializing());
    try {
      return await original.apply(this, given);
    } finally {
      await Promise.all(ends.map((end) => end()));
    }
  };
});

/**
 * What TypeORM keeps of results by itself is as old as its `duration` allows: whatever is made of that is not stored. The
 * statements by which it keeps them in the database are nobody's reading and writing.
 */
const hits: Replaced<Attached> = new Replaced('getFromCache', (original, parties) => {
  return async function getFromCache(...given) {
    const saved = await unheard(() => original.apply(this, given) as Promise<object | undefined>);
    if (saved !== undefined && saved !== null && [...parties].some(({ tracksReads }) => tracksReads)) {
      if (!(this as ResultCacheLike).isExpired(saved)) refuseRunning('older-snapshot');
    }
    return saved;
  };
});

const housekeeping = ['storeInCache', 'clear', 'remove', 'synchronize'].map(
  (name) =>
    new Replaced<Attached>(name, (original) => {
      return function keep(...given) {
        return unheard(() => original.apply(this, given));
      };
    }),
);

/** Hears of what a data source does, until what it returns is called. */
export function attach(dataSource: DataSourceLike, party: Attached): () => void {
  const { queryResultCache } = dataSource;
  // A manager has its data source as its `connection`, which is none.
  findScopesBy('typeorm', connectionOfHeld, 'first');
  const stops = [runners.on(dataSource, party), beginnings.on(dataSource, party)];
  if (queryResultCache !== undefined)
    for (const replaced of [hits, ...housekeeping]) stops.push(replaced.on(queryResultCache, party));
  party.woken();
  // Outside any transaction; a transaction has a manager of its own.
  for (const scope of [dataSource, dataSource.manager]) meet(scope, party.source);
  return () => {
    for (const stop of stops) stop();
  };
}
