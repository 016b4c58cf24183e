import type { TableName } from '../statements/footprint-types.js';
import { APP_TABLES, WRITTEN } from './functions-sql.js';
import { type Found, findInstalled, isNewer } from './installation.js';
import { PostgresNotifyError } from './notify-error.js';

type Ask = (sql: string) => Promise<readonly unknown[]>;

/** Which tables are told of. */
export interface Coverage {
  readonly covered: readonly TableName[];
  /** Tables of the app without triggers that work, though all are to have them. */
  readonly missing: readonly TableName[];
  isCovered(table: TableName): boolean;
}

interface Row {
  readonly schema: string;
  readonly name: string;
  readonly triggers: number;
}

const ROWS = `
SELECT c.oid, n.nspname AS schema, c.relname AS name,
  (SELECT count(*) FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_proc f ON f.oid = g.tgfoid
    WHERE g.tgrelid = c.oid AND f.proname = '${WRITTEN}' AND g.tgenabled IN ('O', 'A')) AS triggers,
  (SELECT string_agg(a.attname, ',' ORDER BY a.attnum) FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY((i.indkey::int2[])[0:i.indnkeyatts - 1])
    WHERE i.indrelid = c.oid AND i.indisprimary) AS keys
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE ${APP_TABLES}`;

/** What is made of tables and values: views, functions, policies, enums. What is written anew has another transaction. */
const MADE = `
  SELECT r.oid, r.xmin::text FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class WHERE c.relpersistence <> 't'
  UNION ALL SELECT p.oid, p.xmin::text FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname !~ '^pg_'
  UNION ALL SELECT p.oid, p.xmin::text FROM pg_catalog.pg_policy p
  UNION ALL SELECT e.oid, e.enumlabel FROM pg_catalog.pg_enum e`;

/** Changes with the tables, their keys and the triggers on them, and with what is made of them: what a listener looks at again and again. */
export const SIGNATURE = `SELECT md5(concat(
  (SELECT string_agg(concat_ws(' ', oid, schema, name, triggers, keys), E'\\n' ORDER BY oid) FROM (${ROWS}) AS tables),
  (SELECT string_agg(concat_ws(' ', oid, xmin), ',' ORDER BY oid, xmin) FROM (${MADE}) AS made)))`;

/** For `INSERT`, `UPDATE`, `DELETE` and `TRUNCATE`. */
const TRIGGERS = 4;

/**
 * Looks which tables have triggers that tell of their writes on a channel.
 *
 * @throws `PostgresNotifyError` where none can be heard: nothing is installed, or something else is
 */
export async function readCoverage(ask: Ask, channel: string): Promise<Coverage> {
  const { coversAll } = checkFound(await findInstalled(ask), channel);
  const rows = (
    await ask(
      `SELECT json_build_object('schema', schema, 'name', name, 'triggers', triggers)::text FROM (${ROWS}) AS tables`,
    )
  ).map((row) => JSON.parse(String(row)) as Row);
  const named = ({ schema, name }: Row): TableName => ({ schema, table: name });
  const covered = rows.filter(({ triggers }) => triggers === TRIGGERS).map(named);
  const keys = new Set(covered.map(keyOf));
  return {
    covered,
    missing: coversAll ? rows.filter(({ triggers }) => triggers !== TRIGGERS).map(named) : [],
    isCovered: (table) => keys.has(keyOf(table)),
  };
}

function checkFound([found]: readonly Found[], channel: string): Found {
  const say = (problem: string): never => {
    throw new PostgresNotifyError(`watchPostgresNotify: ${problem}`);
  };
  if (found === undefined)
    return say('no triggers are installed; call installPostgresNotify() with a role that may, such as in a migration');
  if (isNewer(found))
    return say(`the triggers are of version ${found.version}, which this package does not read; update @viewcache/orm`);
  if (found.channel !== channel)
    return say(`the triggers tell on the channel '${found.channel}', and not on '${channel}'; set the option channel`);
  return found;
}

export function keyOf({ schema, table }: TableName): string {
  return JSON.stringify([schema, table]);
}
