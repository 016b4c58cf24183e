import { ConfigError } from '@viewcache/core';
import type { TableName } from '../statements/footprint-types.js';
import {
  APP_TABLES,
  commentOf,
  EVENT_TRIGGERS,
  functionsOf,
  type Installed,
  VERSION,
  WRITTEN,
} from './functions-sql.js';
import { findInstalled, isNewer } from './installation.js';
import { PostgresNotifyError, stepOf } from './notify-error.js';
import { type InstallNotifyOptions, type InstallSettings, readInstallOptions } from './notify-options.js';
import type { NotifyPool } from './notify-types.js';
import { inSession, quoted, type Session } from './own-session.js';

/** What {@link installPostgresNotify} has come to. */
export interface NotifyInstallation {
  readonly schema: string;
  readonly channel: string;
  /** The tables that are told of, with their schemas: `public.users`. */
  readonly tables: readonly string[];
  /** Of these, the ones that were not, or not so, before: empty where everything was installed already. */
  readonly changed: readonly string[];
  /**
   * Tables that are made or changed later are told of by themselves. That takes an event trigger, which most databases let only
   * a superuser make; without it, call this again after each migration.
   */
  readonly followsNewTables: boolean;
}

interface Target {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly mayTrigger: boolean;
}

const WHAT = 'installPostgresNotify';

/**
 * Installs triggers that tell of each committed write to the tables of a PostgreSQL, whoever writes:
 * {@link watchPostgresNotify} listens for that.
 *
 * May be called at each start, by several processes at once: what is there already is left alone and locks nothing; what an
 * older version of this package has installed is replaced. A trigger is made in a transaction of its own, which waits 5 s at
 * most for the table. Needs the privilege `CREATE` on the database, or on a schema that is there, and `TRIGGER` on each table.
 *
 * @param pool - its settings, for a connection beside it
 * @throws `ConfigError` (by rejection) for options that are wrong, and tables that are not there
 * @throws `PostgresNotifyError` (by rejection) where a privilege is missing, saying which, where a table stays locked, and where a newer version is
 * installed, or one in another schema
 *
 * @example
 * ```ts
 * await installPostgresNotify(pool); // in a migration
 * ```
 */
export async function installPostgresNotify(
  pool: NotifyPool,
  options: InstallNotifyOptions = {},
): Promise<NotifyInstallation> {
  const settings = readInstallOptions(options);
  return await inSession(WHAT, pool, async (session) => {
    await checkFound(session, settings.schema);
    const targets = await targetsOf(session, settings.tables);
    const { schema, channel } = settings;
    const installed: Installed = { schema, channel, coversAll: settings.tables === undefined };
    const isNew = await putFunctions(session, installed);
    const changed: string[] = [];
    for (const target of targets) if (await cover(session, schema, target)) changed.push(shown(target));
    const followsNewTables = await follow(session, schema);
    // Who listens already has to read the tables again, and cannot know what was written before.
    if (isNew || changed.length > 0)
      await session.ask('SELECT pg_catalog.pg_notify($1, $2)', [channel, JSON.stringify({ v: VERSION, op: 'ddl' })]);
    return { schema, channel, tables: targets.map(shown), changed, followsNewTables };
  });
}

async function checkFound({ ask }: Session, schema: string): Promise<void> {
  for (const found of await findInstalled(ask)) {
    if (found.schema !== schema)
      throw new PostgresNotifyError(
        `${WHAT}: it is installed in the schema ${found.schema}; name that one, or call removePostgresNotify() first`,
      );
    if (isNewer(found))
      throw new PostgresNotifyError(
        `${WHAT}: version ${found.version} is installed, and this package has version ${VERSION}; update @viewcache/orm`,
      );
  }
}

async function targetsOf({ ask, role }: Session, tables: InstallSettings['tables']): Promise<readonly Target[]> {
  const found: Target[] = [];
  if (tables === undefined) found.push(...(await find(ask, 'true', [])));
  else {
    for (const table of tables) {
      const { name, oid } = await named(ask, table);
      if (oid === undefined) throw new ConfigError(`${WHAT}.tables`, name, 'tables that are there');
      found.push(...(await find(ask, 'c.oid = $1', [oid], name)));
    }
  }
  const forbidden = found.filter(({ mayTrigger }) => !mayTrigger).map(shown);
  if (forbidden.length > 0)
    throw new PostgresNotifyError(
      `${WHAT}: ${role} may make no triggers on ${forbidden.join(', ')}; have their owner run: GRANT TRIGGER ON ${forbidden.join(', ')} TO ${role}`,
    );
  return found;
}

/** What a name means to the database: nothing of it becomes SQL. */
async function named(ask: Session['ask'], { table, schema }: TableName): Promise<{ name: string; oid?: string }> {
  const where =
    schema === undefined
      ? 'pg_catalog.pg_table_is_visible(c.oid)'
      : 'c.relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $2)';
  const [oid] = await ask(
    `SELECT c.oid::text FROM pg_catalog.pg_class c WHERE c.relname = $1 AND ${where}`,
    schema === undefined ? [table] : [table, schema],
  );
  const name = schema === undefined ? table : `${schema}.${table}`;
  return oid === undefined ? { name } : { name, oid: String(oid) };
}

async function find(ask: Session['ask'], where: string, values: readonly unknown[], name?: string): Promise<Target[]> {
  const rows = await ask(
    `SELECT json_build_object('oid', c.oid::text, 'schema', n.nspname, 'name', c.relname,
      'mayTrigger', pg_catalog.has_table_privilege(c.oid, 'TRIGGER'))::text
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE ${APP_TABLES} AND ${where} ORDER BY n.nspname, c.relname`,
    values,
  );
  if (name !== undefined && rows.length === 0)
    throw new ConfigError(
      `${WHAT}.tables`,
      name,
      'tables of the app: no views, temporary or foreign tables, and none of the system',
    );
  return rows.map((row) => JSON.parse(String(row)) as Target);
}

/** @returns false where they were there already, the same */
async function putFunctions(session: Session, installed: Installed): Promise<boolean> {
  const { ask, role, database } = session;
  const { schema } = installed;
  const texts = functionsOf(installed);
  const comment = commentOf(installed);
  if (await areThere(ask, schema, texts, comment)) return false;
  await session.inTransaction(async () => {
    const [isThere] = await ask('SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1', [schema]);
    if (isThere === undefined)
      await stepOf(
        WHAT,
        `have it run: GRANT CREATE ON DATABASE ${database} TO ${role}; or CREATE SCHEMA ${schema} AUTHORIZATION ${role}`,
        () => ask(`CREATE SCHEMA ${schema}`).then(() => ask(`COMMENT ON SCHEMA ${schema} IS 'viewcache'`)),
      );
    await stepOf(
      WHAT,
      `have its owner run: GRANT USAGE, CREATE ON SCHEMA ${schema} TO ${role}; functions that are there are replaced by their owner alone`,
      async () => {
        for (const text of texts) await ask(text);
        await ask(`COMMENT ON FUNCTION ${schema}.${WRITTEN}() IS '${comment}'`);
      },
    );
  });
  return true;
}

async function areThere(
  ask: Session['ask'],
  schema: string,
  texts: readonly string[],
  comment: string,
): Promise<boolean> {
  const [count] = await ask(
    `SELECT count(*)::int FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = $1 AND p.prosrc = ANY($2::text[])
    AND (p.proname <> '${WRITTEN}' OR pg_catalog.obj_description(p.oid, 'pg_proc') = $3)`,
    [schema, texts.map((text) => text.split('$viewcache$')[1]), comment],
  );
  return count === texts.length;
}

async function cover(session: Session, schema: string, target: Target): Promise<boolean> {
  const table = shown(target);
  const grant = `have it run by the owner of ${table}, or: GRANT TRIGGER ON ${table} TO ${session.role}`;
  const [changed] = await stepOf(`${WHAT}: ${table}`, grant, () =>
    session.inTransaction(() => session.ask(`SELECT ${schema}.viewcache_cover($1)`, [target.oid])),
  );
  return changed === true;
}

/** @returns whether tables that come are covered by themselves */
async function follow(session: Session, schema: string): Promise<boolean> {
  try {
    await session.inTransaction(async () => {
      for (const [name, on] of EVENT_TRIGGERS) {
        const [isThere] = await session.ask(
          `SELECT 1 FROM pg_catalog.pg_event_trigger WHERE evtname = $1 AND evtenabled IN ('O', 'A')
          AND evtfoid = '${schema}.viewcache_followed()'::regprocedure`,
          [name],
        );
        if (isThere !== undefined) continue;
        await session.ask(`DROP EVENT TRIGGER IF EXISTS ${name}`);
        await session.ask(`CREATE EVENT TRIGGER ${name} ON ${on} EXECUTE FUNCTION ${schema}.viewcache_followed()`);
        // Whoever makes a table has to find them.
        await session.ask(`GRANT USAGE ON SCHEMA ${schema} TO PUBLIC`);
      }
    });
    return true;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === '42501') return false;
    throw error;
  }
}

function shown({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${quoted(schema)}.${quoted(name)}`;
}
