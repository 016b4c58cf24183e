/** A suite that does not run whole on every Node, and why. */
export interface Limited {
  /** The test file, as its path under the repository with `dist` and `.js`: `test/dist/nest11/app.test.js`. */
  readonly suite: string;
  /** The Node majors on which every test of it runs; elsewhere its tests may be skipped. */
  readonly nodes: readonly number[];
  /** What stands in the way on the others, so that a reader can tell when the line may go. */
  readonly why: string;
}

/** The Node majors on which `npm run test:nodes` runs everything that is not {@link limited}. */
export const nodes: readonly number[] = [20, 22, 24];

const segfault = 'better-sqlite3 13 ends a Node.js 20 by a segmentation fault';

/** The only suites whose tests may be skipped; a skipped test anywhere else fails the run. */
export const limited: readonly Limited[] = [
  { suite: 'test/dist/orm/better-sqlite3.test.js', nodes: [22, 24], why: segfault },
  { suite: 'test/dist/orm/better-sqlite3-watch.test.js', nodes: [22, 24], why: segfault },
  { suite: 'test/dist/orm/drizzle-better-sqlite3.test.js', nodes: [22, 24], why: segfault },
  { suite: 'test/dist/strategies/watched-connections.test.js', nodes: [22, 24], why: segfault },
  {
    suite: 'test/dist/orm/kysely-029.test.js',
    nodes: [22, 24],
    why: 'Kysely 0.29 asks for Node.js 22; kysely-028*.test.js hold 0.28 to the same on all of them',
  },
  {
    suite: 'test/dist/orm/mikro.test.js',
    nodes: [22, 24],
    why: 'MikroORM 7 asks for Node.js 22.17; version 6 is held to the same there on all of them',
  },
  {
    suite: 'test/dist/orm/knex-sqlite.test.js',
    nodes: [22, 24],
    why: 'Knex reaches SQLite by native modules alone, and better-sqlite3 13 ends Node.js 20',
  },
  {
    suite: 'test/dist/orm/mikro-catalogue.test.js',
    nodes: [22, 24],
    why: 'MikroORM 7 asks for Node.js 22.17; version 6 is held to the same there on all of them',
  },
  {
    suite: 'test/dist/orm/mikro-paths.test.js',
    nodes: [22, 24],
    why: 'MikroORM 7 asks for Node.js 22.17; version 6 is held to the same there on all of them',
  },
  {
    suite: 'test/dist/orm/mikro-reads.test.js',
    nodes: [22, 24],
    why: 'MikroORM 7 asks for Node.js 22.17; version 6 is held to the same there on all of them',
  },
  {
    suite: 'test/dist/orm/mikro-transactions.test.js',
    nodes: [22, 24],
    why: 'MikroORM 7 asks for Node.js 22.17; version 6 is held to the same there on all of them',
  },
  {
    suite: 'test/dist/orm/mikro-watch.test.js',
    nodes: [22, 24],
    why: 'MikroORM 7 asks for Node.js 22.17; version 6 is held to the same there on all of them',
  },
  {
    suite: 'test/dist/nestjs/watch-mikro-orm.test.js',
    nodes: [22, 24],
    why: 'MikroORM 7 asks for Node.js 22.17, and @mikro-orm/nestjs 6 takes no Nest 12',
  },
  {
    suite: 'test/dist/orm/mikro-tables.test.js',
    nodes: [22, 24],
    why: 'MikroORM 7 asks for Node.js 22.17; version 6 is held to the same there on all of them',
  },
];
