import type { Asked } from '../pg/table-reader.js';
import type { Dialect } from '../statements/footprint-types.js';
import type { DataSourceLike } from './typeorm-types.js';
import { askUnheard } from './watched-runner.js';

/** Asks a data source for the catalogue of its database: outside any transaction, and not of a replica. */
export function askedBy(dataSource: DataSourceLike, dialect: Dialect): Asked {
  return {
    async query(sql) {
      const runner = dataSource.createQueryRunner('master');
      try {
        return { rows: (await askUnheard(runner, sql)) as readonly object[] };
      } finally {
        // SQLite has one runner for all, which forgets what it is about when it is released.
        if (dialect !== 'sqlite') await runner.release();
      }
    },
  };
}
