import { debuglog } from 'node:util';
import type { CacheEvent } from '@viewcache/core';
import { runtimeOf } from '@viewcache/core/node';
import { watchedBy } from '@viewcache/core/tracking';
import type { Dialect, TableName } from '../statements/footprint-types.js';
import type { MapSettings } from '../tables/map-settings.js';
import type { SearchPath } from '../tables/places.js';
import { TableMap } from '../tables/table-map.js';
import { Delivery, type DeliveryCounts } from '../writes/delivery.js';
import { writeLine } from '../writes/write-line.js';
import { describeBy, type WatchSettings } from './read-options.js';
import type { Statements } from './statements.js';
import { Strangers } from './strangers.js';
import { WatchedSource } from './watched-source.js';

/** Who reads the tables. */
export interface Rereading {
  /** Whether the database is asked at all. */
  readonly isAsking: boolean;
  tablesChanged(): boolean;
  readAgain(): void;
}

/** What an adapter knows of what it watches. */
export interface SourceKind {
  /** What it is called where writes and reads are explained: `pg`. */
  readonly name: string;
  readonly dialect: Dialect;
  readonly statements: Statements;
  /** Nothing that was read before its tables are known can be told apart: true until {@link OpenSource.know} is called. */
  readonly learns: boolean;
  /** Nothing is read through it that anybody sees: views go on as if it were not watched. @defaultValue false */
  readonly tellsWritesOnly?: boolean;
  /**
   * Reads the tables again when some were made, changed or dropped through what is watched: nothing is known until then. True
   * where it will. Without one, what was known stays.
   */
  readonly reader?: () => Rereading | undefined;
  /** What it speaks, where that is another language than that of its texts. @defaultValue `dialect` */
  readonly speaks?: MapSettings['speaks'];
  /** Schemas in which bare names are looked up, until somebody knows better. @defaultValue nobody knows */
  readonly path?: SearchPath;
  /** The primary key of each table that nobody describes: where all have the same one. */
  readonly pk?: readonly string[];
}

/** A source that is watched, and how that ends. */
export interface OpenSource {
  readonly source: WatchedSource;
  counts(): DeliveryCounts;
  /** What the tables of the data source are: takes the place of what was known before. */
  know(fill: (map: TableMap) => void, path?: SearchPath, isCaseless?: boolean): void;
  /** Hears of no more reads, and tells of no more writes. */
  close(): void;
}

/** Nobody knew what the database does along with writes to them. */
const FOUND_LATE = {
  events: [],
  said: 'tables that were not found before',
  everything: 'tables were there that nobody had found',
} as const;

const debug = debuglog('viewcache');

/** Begins to watch a data source for a cache. */
export function openSource(settings: WatchSettings, kind: SourceKind): OpenSource {
  const { cache, namespace, opaque, onWrite, trackReads, maxRows } = settings;
  const name = namespace ?? kind.name;
  const warn = (error: unknown): void => {
    delivery.counts.failures++;
    const message = `the watch of ${name} failed: ${error instanceof Error ? error.message : error}; what is stored was invalidated`;
    runtimeOf(cache)?.telemetry.emit({ type: 'warning', message });
  };
  let map: TableMap | undefined;
  // Of a connection that goes on, whatever is read of tables meanwhile.
  let isPathMoving = false;
  const strangers = new Strangers();
  const onTablesChanged = (): void => {
    if (kind.reader?.()?.tablesChanged() !== true) return;
    map = undefined;
    strangers.tablesChanged();
  };
  const delivery = new Delivery({ cache, source: name, onWrite, onFailure: warn, onTablesChanged });
  const { dialect, speaks = dialect, pk } = kind;
  const onStranger = (met: TableName): void => {
    const reader = kind.reader?.();
    if (reader?.isAsking === true && strangers.isWorthReading(met)) reader.readAgain();
  };
  const know: OpenSource['know'] = (fill, path = kind.path, isCaseless = false) => {
    const next = new TableMap({ namespace, speaks, path, pk, isCaseless, onStranger });
    next.describe(settings.tables);
    fill(next);
    describeBy(next, settings);
    if (isPathMoving) next.pathMoves();
    map = next;
    if (strangers.found(next)) void source.wroteTogether(undefined, () => FOUND_LATE);
  };
  if (!kind.learns) know(() => {});
  const source = new WatchedSource({
    name,
    cache,
    dialect,
    statements: kind.statements,
    delivery,
    map: () => map,
    pathMoves() {
      isPathMoving = true;
      map?.pathMoves();
    },
    opaque,
    tracksReads: trackReads,
    maxRows,
    onFailure: warn,
  });
  const stopTracking = kind.tellsWritesOnly === true ? () => {} : watchedBy(cache);
  const stopLog = logTo(settings, delivery);
  return {
    source,
    know,
    counts: () => ({ ...delivery.counts }),
    close() {
      source.close();
      stopTracking();
      stopLog();
    },
  };
}

/** The same where what is watched may look bare names up elsewhere than who was asked for the tables. */
export function knownFromElsewhere(know: OpenSource['know']): OpenSource['know'] {
  return (fill, path, isCaseless) => know(fill, path && { ...path, isSure: false }, isCaseless);
}

function logTo({ cache, log }: WatchSettings, delivery: Delivery): () => void {
  const print = typeof log === 'function' ? log : (line: string) => console.debug(line);
  if (log === false || (log === undefined && !debug.enabled)) return () => {};
  return cache.on((event: CacheEvent) => {
    if (event.type !== 'invalidated' || event.origin === undefined) return;
    const tags = delivery.namesOf(event.origin);
    if (tags !== undefined) print(writeLine(event.origin, { tags, targets: event.targets }, event.dropped));
  });
}
