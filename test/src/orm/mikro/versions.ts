import type * as Core from '@mikro-orm/core';
import type * as PostgreSql from '@mikro-orm/postgresql';

export type Version = '6' | '7';
export type Database = 'postgres' | 'mariadb' | 'sqlite';

/** What both versions export: what is the same in their types is that of the newer one. */
export type Mikro = typeof PostgreSql;
export type Em = PostgreSql.SqlEntityManager;
export type Orm = Core.MikroORM<PostgreSql.PostgreSqlDriver>;

const MODULES: Readonly<Record<Version, Readonly<Record<Database, () => Promise<unknown>>>>> = {
  '6': {
    postgres: () => import('@viewcache/test-mikro6/postgresql'),
    mariadb: () => import('@viewcache/test-mikro6/mariadb'),
    sqlite: () => import('@viewcache/test-mikro6/libsql'),
  },
  '7': {
    postgres: () => import('@mikro-orm/postgresql'),
    mariadb: () => import('@mikro-orm/mariadb'),
    sqlite: () => import('@mikro-orm/sqlite'),
  },
};

/** The driver of a database, with all that it exports of MikroORM. */
export async function load(version: Version, database: Database): Promise<Mikro> {
  return (await MODULES[version][database]()) as Mikro;
}
