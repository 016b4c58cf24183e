/** Of what is installed: a newer one may tell in other words. */
export const VERSION = 2;

/** The trigger function, by which everything of ours in a database is found, whatever schema it is in. */
export const WRITTEN = 'viewcache_written';

/** Rows that one statement names, and statements of one transaction that name rows: beyond them it is the whole table. */
const MOST_ROWS = 64;
const MOST_STATEMENTS = 64;
/** `pg_notify` takes less than 8,000 bytes. */
const MOST_BYTES = 7_900;

/** What is put into a database. */
export interface Installed {
  /** Where the functions are. */
  readonly schema: string;
  readonly channel: string;
  /** Every table of the app, not only some that were named. */
  readonly coversAll: boolean;
}

/** What the functions say of themselves, as the comment of the trigger function. */
export function commentOf({ channel, coversAll }: Installed): string {
  return JSON.stringify({ viewcache: VERSION, channel, coversAll });
}

/** Schemas of the database's own, and what extensions have brought, are not the app's. */
export const APP_TABLES = `c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend x WHERE x.classid = 'pg_catalog.pg_class'::regclass
    AND x.objid = c.oid AND x.deptype = 'e')`;

/**
 * The functions, in the order in which they are made.
 *
 * A trigger of ours must not make a write fail: whatever goes wrong within one, it tells of the table as a whole. They run as
 * whoever writes, and use nothing that not everybody may.
 *
 * @param schema - and the channel: checked to be plain words
 */
export function functionsOf({ schema, channel, coversAll }: Installed): readonly string[] {
  return [written(schema, channel), cover(schema), followed(schema, channel, coversAll)];
}

const HEAD = 'LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp';

// Its argument is the list of key columns, quoted: `t.id::text`. Whether rows are named at all is decided by what the transaction
// has told already: thousands of statements are to come to a few notifications, since equal ones are one.
const written = (schema: string, channel: string): string => `
CREATE OR REPLACE FUNCTION ${schema}.${WRITTEN}() RETURNS trigger ${HEAD} AS $viewcache$
DECLARE
  whole jsonb;
  ids jsonb;
  amount bigint;
  told int;
  source text;
  payload text;
BEGIN
  SELECT jsonb_build_object('v', ${VERSION}, 'op', lower(TG_OP), 's', n.nspname, 't', c.relname) INTO whole
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = coalesce(pg_partition_root(TG_RELID), TG_RELID);
  BEGIN
    IF TG_OP = 'DELETE' THEN
      PERFORM FROM viewcache_old LIMIT 1;
      IF NOT FOUND THEN RETURN NULL; END IF;
    ELSIF TG_OP <> 'TRUNCATE' THEN
      PERFORM FROM viewcache_new LIMIT 1;
      IF NOT FOUND THEN RETURN NULL; END IF;
    END IF;
    IF TG_OP <> 'TRUNCATE' AND TG_ARGV[0] <> '' THEN
      told := coalesce(nullif(current_setting('viewcache.told', true), ''), '0')::int + 1;
      IF told <= ${MOST_STATEMENTS} THEN
        PERFORM set_config('viewcache.told', told::text, true);
        source := 'SELECT jsonb_build_array(' || TG_ARGV[0] || ') AS id FROM %s t LIMIT ${MOST_ROWS + 1}';
        source := CASE TG_OP
          WHEN 'INSERT' THEN format(source, 'viewcache_new')
          WHEN 'DELETE' THEN format(source, 'viewcache_old')
          ELSE '(' || format(source, 'viewcache_old') || ') UNION (' || format(source, 'viewcache_new') || ')' END;
        EXECUTE 'SELECT jsonb_agg(id), count(*) FROM (' || source || ') AS changed' INTO ids, amount;
        IF amount > ${MOST_ROWS} THEN ids := NULL; END IF;
      END IF;
    END IF;
  EXCEPTION WHEN OTHERS THEN
    ids := NULL;
  END;
  payload := (whole || jsonb_build_object('ids', ids))::text;
  IF octet_length(payload) > ${MOST_BYTES} THEN payload := whole::text; END IF;
  PERFORM pg_notify('${channel}', payload);
  RETURN NULL;
END $viewcache$`;

// Columns are in the order that `inOrder` has. Partitions are told as what they are parts of, so they have the key of that. Triggers that are as they have to be stay: making
// one takes a lock on the table.
const cover = (schema: string): string => `
CREATE OR REPLACE FUNCTION ${schema}.viewcache_cover(target oid) RETURNS boolean ${HEAD} AS $viewcache$
DECLARE
  relation text := target::regclass::text;
  keys text;
  kind record;
  changed boolean := false;
BEGIN
  SELECT coalesce(string_agg(format('t.%I::text', a.attname), ', ' ORDER BY lower(a.attname::text COLLATE "C"), a.attname), '') INTO keys
  FROM pg_index i
  CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, at)
  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.at <= i.indnkeyatts
  WHERE i.indrelid = coalesce(pg_partition_root(target), target) AND i.indisprimary;
  FOR kind IN SELECT * FROM (VALUES
    ('insert', 'REFERENCING NEW TABLE AS viewcache_new'),
    ('update', 'REFERENCING OLD TABLE AS viewcache_old NEW TABLE AS viewcache_new'),
    ('delete', 'REFERENCING OLD TABLE AS viewcache_old'),
    ('truncate', '')) AS kinds(word, tables)
  LOOP
    CONTINUE WHEN EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = target AND g.tgname = 'viewcache_' || kind.word
      AND g.tgenabled IN ('O', 'A') AND g.tgfoid = '${schema}.${WRITTEN}()'::regprocedure
      AND g.tgargs = convert_to(keys, getdatabaseencoding()) || '\\x00'::bytea);
    IF current_setting('server_version_num')::int < 140000 THEN
      EXECUTE format('DROP TRIGGER IF EXISTS viewcache_%s ON %s', kind.word, relation);
    END IF;
    EXECUTE format('CREATE %s TRIGGER viewcache_%s AFTER %s ON %s %s FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.${WRITTEN}(%L)',
      CASE WHEN current_setting('server_version_num')::int < 140000 THEN '' ELSE 'OR REPLACE' END,
      kind.word, upper(kind.word), relation, kind.tables, keys);
    changed := true;
  END LOOP;
  RETURN changed;
END $viewcache$`;

// It must not make a migration fail, and leaves alone what somebody has disabled. What functions, types and policies have to do with
// tables nobody looks up: all that was read may be shown otherwise.
const followed = (schema: string, channel: string, coversAll: boolean): string => `
CREATE OR REPLACE FUNCTION ${schema}.viewcache_followed() RETURNS event_trigger ${HEAD} AS $viewcache$
DECLARE
  it record;
BEGIN
  IF TG_EVENT = 'sql_drop' THEN
    FOR it IN SELECT DISTINCT d.schema_name AS s, d.object_name AS t FROM pg_event_trigger_dropped_objects() d
      WHERE d.object_type IN ('table', 'materialized view', 'view') AND NOT d.is_temporary
      UNION SELECT n.nspname, c.relname FROM pg_event_trigger_dropped_objects() d
      JOIN pg_class c ON d.object_type = 'table column' AND c.oid = d.objid AND c.relpersistence <> 't'
      JOIN pg_namespace n ON n.oid = c.relnamespace
    LOOP
      PERFORM pg_notify('${channel}', jsonb_build_object('v', ${VERSION}, 'op', 'ddl', 's', it.s, 't', it.t)::text);
    END LOOP;
    RETURN;
  END IF;
  IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() d WHERE d.classid IN ('pg_proc'::regclass, 'pg_type'::regclass, 'pg_policy'::regclass)
    AND d.schema_name IS DISTINCT FROM 'pg_temp') THEN
    PERFORM pg_notify('${channel}', jsonb_build_object('v', ${VERSION}, 'op', 'ddl')::text);
  END IF;
  FOR it IN SELECT DISTINCT c.oid, n.nspname AS s, c.relname AS t,
      ${APP_TABLES} AND (${coversAll} OR g.amount > 0) AND NOT coalesce(g.is_disabled, false) AS is_ours
    FROM pg_event_trigger_ddl_commands() d
    JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid AND c.relkind IN ('r', 'p', 'm', 'v')
    JOIN pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL (SELECT count(*) AS amount, bool_or(t.tgenabled NOT IN ('O', 'A')) AS is_disabled
      FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgfoid = '${schema}.${WRITTEN}()'::regprocedure) AS g
    WHERE c.relpersistence <> 't'
  LOOP
    BEGIN
      IF it.is_ours THEN PERFORM ${schema}.viewcache_cover(it.oid); END IF;
    EXCEPTION WHEN OTHERS THEN
      RAISE WARNING 'viewcache: writes to %.% are not told: %', it.s, it.t, SQLERRM;
    END;
    PERFORM pg_notify('${channel}', jsonb_build_object('v', ${VERSION}, 'op', 'ddl', 's', it.s, 't', it.t)::text);
  END LOOP;
END $viewcache$`;

/** Names of the event triggers, and what they are for. */
export const EVENT_TRIGGERS: readonly (readonly [name: string, on: string])[] = [
  [
    'viewcache_followed',
    "ddl_command_end WHEN TAG IN ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'ALTER TABLE', 'CREATE MATERIALIZED VIEW', 'REFRESH MATERIALIZED VIEW', 'CREATE VIEW', 'ALTER VIEW', 'ALTER TYPE', 'CREATE FUNCTION', 'ALTER FUNCTION', 'CREATE POLICY', 'ALTER POLICY')",
  ],
  ['viewcache_dropped', 'sql_drop'],
];
