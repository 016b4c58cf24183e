import { ConfigError } from '@viewcache/core';

type Members = Readonly<Record<string, unknown>>;

/** What each watch is for, by what it can do; the first that fits counts. */
const KINDS: readonly (readonly [watch: string, subpath: string, is: (it: Members) => boolean])[] = [
  ['watchPrisma', 'prisma', (it) => isObject(it['_originalClient'])],
  ['watchTypeOrm', 'typeorm', (it) => can(it, 'createQueryRunner', 'getRepository')],
  ['watchSequelize', 'sequelize', (it) => can(it, 'getDialect', 'addHook')],
  ['watchMikroOrm', 'mikro-orm', (it) => can(membersOf(it['em']), 'getDriver')],
  ['watchKnex', 'knex', (it) => can(membersOf(it['client']), 'acquireConnection')],
  ['watchKysely', 'kysely', (it) => can(it, 'createDriver', 'createQueryCompiler')],
  ['watchDrizzle', 'drizzle', (it) => can(it, 'transaction', 'select') && isObject(it['session'])],
  ['watchMongoose', 'mongoose', (it) => can(it, 'openUri') || can(membersOf(it['connection']), 'openUri')],
  ['watchMongo', 'mongodb', (it) => can(it, 'db', 'startSession')],
  ['watchPg', 'pg', isOfPg],
  ['watchMysql2', 'mysql2', isOfMysql2],
  ['watchBetterSqlite3', 'better-sqlite3', (it) => can(it, 'pragma', 'prepare', 'transaction')],
  ['watchSqlJs', 'sql-js', (it) => can(it, 'prepare', 'getRowsModified', 'export')],
];

/**
 * The error for what a watch cannot watch. Says which one can, where that is known.
 *
 * @param watch - the function's name
 * @param allowed - what it can watch
 */
export function wrongTarget(watch: string, target: unknown, allowed: string): ConfigError {
  const members = membersOf(target);
  const kind = members && KINDS.find(([, , is]) => is(members));
  const right = kind === undefined || kind[0] === watch ? undefined : `${kind[0]}() of '@viewcache/orm/${kind[1]}'`;
  return new ConfigError(watch, target, allowed, right);
}

function isOfPg(it: Members): boolean {
  return (can(it, 'connect', 'query') && ('totalCount' in it || can(it, 'escapeIdentifier'))) || isModule(it, 'Client');
}

function isOfMysql2(it: Members): boolean {
  const isConnection = can(it, 'query', 'execute') && (can(it, 'getConnection') || can(it, 'beginTransaction'));
  return isConnection || can(it, 'getConnection', 'of', 'add') || isModule(it, 'Connection');
}

function isModule(it: Members, connection: string): boolean {
  return can(it, 'Pool', connection);
}

function can(it: Members | undefined, ...names: readonly string[]): boolean {
  return it !== undefined && names.every((name) => typeof it[name] === 'function');
}

function isObject(value: unknown): boolean {
  return membersOf(value) !== undefined;
}

function membersOf(value: unknown): Members | undefined {
  return (typeof value === 'object' && value !== null) || typeof value === 'function' ? (value as Members) : undefined;
}
