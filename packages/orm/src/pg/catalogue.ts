import type { Ask, Catalogue } from '../catalogues/catalogue.js';
import { mayRekey } from '../catalogues/row-triggers.js';
import type { TableName } from '../statements/footprint-types.js';
import type { Reference, TableFacts } from '../tables/table.js';
import type { TableMap } from '../tables/table-map.js';
import type { ColumnNames } from './outcome-of.js';
import { asksWho, type Routine, Routines } from './routines.js';
import { type Rule, tablesOfRule } from './rules.js';

/** What the catalogue of a PostgreSQL says of its tables. */
export interface PgCatalogue extends Catalogue {
  readonly columnNames: ColumnNames;
  readonly tables: readonly TableName[];
  /** @param isTold - whether writes to a table are told whatever makes them: what other tables do to it needs no guess then */
  fill(map: TableMap, isTold?: (table: TableName) => boolean): void;
}

interface Relation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** Of its primary key: name and number of each column, whether a text tells its values apart, and whether others make it. */
  readonly pk: readonly (readonly [name: string, number: number, isPlain: boolean, isGenerated: boolean])[] | null;
  /** The functions that its triggers run; those of PostgreSQL itself do nothing beside the row. */
  readonly triggers: readonly number[] | null;
  /** Bodies of those that act in front of each row; `null` for one that is not in PL/pgSQL. */
  readonly inFront: readonly (string | null)[] | null;
  readonly hasRules: boolean;
  /** Its rows are in itself: neither in tables that inherit from it, with triggers of their own, nor in another database. */
  readonly isWhole: boolean;
}

interface View {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** The functions of those that act in its place. */
  readonly triggers: readonly number[] | null;
  readonly calls: readonly number[] | null;
  readonly reads: readonly (readonly [schema: string, table: string])[] | null;
}

interface Policy {
  readonly table: number;
  readonly text: string | null;
  /** For the role by which the catalogue is read. */
  readonly isActive: boolean;
  readonly reads: readonly (readonly [schema: string, table: string])[] | null;
  readonly calls: readonly number[] | null;
}

type Action = 'a' | 'r' | 'c' | 'n' | 'd';

/** A foreign key, with the columns that it refers to, and those that refer; of the former, whether they are made of others. */
type ForeignKey = readonly [
  to: number,
  from: number,
  onDelete: Action,
  onUpdate: Action,
  columns: readonly (readonly [name: string, isGenerated: boolean])[],
  by: readonly string[],
];

const OURS = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";

/** Equal values of these types have one spelling, or several that are known. */
const PLAIN = "('int2','int4','int8','numeric','text','varchar','bpchar','citext','uuid')";

/** What `installPostgresNotify` has installed writes to no table. */
const OF_NOTIFY = "('viewcache_written', 'viewcache_cover', 'viewcache_followed')";

const PATH = 'SELECT array_to_json(current_schemas(false))::text';

/** Bits of `pg_trigger.tgtype`. */
const BEFORE_ROW = 1 + 2;
const INSERT_OR_UPDATE = 4 + 16;

const RELATIONS = `
SELECT json_build_object('oid', c.oid::int8, 'schema', n.nspname, 'name', c.relname,
  'pk', (SELECT json_agg(json_build_array(a.attname, a.attnum, (coalesce(b.typname, t.typname) IN ${PLAIN} OR t.typtype = 'e')
      AND coalesce((SELECT o.collisdeterministic FROM pg_catalog.pg_collation o WHERE o.oid = a.attcollation), true), a.attgenerated <> '') ORDER BY k.at)
    FROM pg_catalog.pg_index i
    CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, at)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.at <= i.indnkeyatts
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_catalog.pg_type b ON t.typtype = 'd' AND b.oid = t.typbasetype
    WHERE i.indrelid = c.oid AND i.indisprimary),
  'triggers', (SELECT json_agg(g.tgfoid::int8) FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid
    WHERE g.tgrelid = c.oid AND NOT g.tgisinternal AND p.pronamespace <> 'pg_catalog'::regnamespace AND p.proname NOT IN ${OF_NOTIFY}),
  'inFront', (SELECT json_agg(CASE WHEN l.lanname = 'plpgsql' THEN p.prosrc END) FROM pg_catalog.pg_trigger g
    JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid JOIN pg_catalog.pg_language l ON l.oid = p.prolang
    WHERE g.tgrelid = c.oid AND NOT g.tgisinternal AND p.pronamespace <> 'pg_catalog'::regnamespace
      AND g.tgtype & ${BEFORE_ROW} = ${BEFORE_ROW} AND g.tgtype & ${INSERT_OR_UPDATE} <> 0),
  'isWhole', c.relkind = 'r' AND NOT c.relhassubclass,
  'hasRules', EXISTS (SELECT FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid AND c.relkind IN ('r', 'p')))::text
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f', 'm') AND ${OURS}`;

const REFERENCES = `
SELECT json_build_array(r.confrelid::int8, r.conrelid::int8, r.confdeltype, r.confupdtype,
  (SELECT json_agg(json_build_array(a.attname, a.attgenerated <> '')) FROM pg_catalog.pg_attribute a WHERE a.attrelid = r.confrelid AND a.attnum = ANY(r.confkey)),
  (SELECT json_agg(a.attname) FROM pg_catalog.pg_attribute a WHERE a.attrelid = r.conrelid AND a.attnum = ANY(r.conkey)))::text
FROM pg_catalog.pg_constraint r WHERE r.contype = 'f'`;

/** The functions that a table calls for each row: of defaults, of checks, and of columns that are computed. */
const CALLED = `
SELECT json_build_array(t.of::int8, d.refobjid::int8)::text
FROM (SELECT 'pg_catalog.pg_attrdef'::regclass AS kind, oid, adrelid AS of FROM pg_catalog.pg_attrdef
  UNION ALL SELECT 'pg_catalog.pg_constraint'::regclass, oid, conrelid FROM pg_catalog.pg_constraint WHERE contype = 'c' AND conrelid <> 0) t
JOIN pg_catalog.pg_depend d ON d.classid = t.kind AND d.objid = t.oid AND d.refclassid = 'pg_catalog.pg_proc'::regclass`;

const PARTS = 'SELECT json_build_array(inhrelid::int8, inhparent::int8)::text FROM pg_catalog.pg_inherits';

const VIEWS = `
SELECT json_build_object('oid', v.oid::int8, 'schema', n.nspname, 'name', v.relname,
  'triggers', (SELECT json_agg(g.tgfoid::int8) FROM pg_catalog.pg_trigger g WHERE g.tgrelid = v.oid AND NOT g.tgisinternal),
  'calls', (SELECT json_agg(DISTINCT d.refobjid::int8)
    FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
      AND d.refclassid = 'pg_catalog.pg_proc'::regclass
    WHERE r.ev_class = v.oid),
  'reads',
  (SELECT json_agg(DISTINCT jsonb_build_array(m.nspname, u.relname))
    FROM pg_catalog.pg_rewrite r
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
      AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> v.oid
    JOIN pg_catalog.pg_class u ON u.oid = d.refobjid AND u.relkind IN ('r', 'p', 'f', 'm', 'v')
    JOIN pg_catalog.pg_namespace m ON m.oid = u.relnamespace
    WHERE r.ev_class = v.oid))::text
FROM pg_catalog.pg_class v JOIN pg_catalog.pg_namespace n ON n.oid = v.relnamespace
WHERE v.relkind = 'v' AND ${OURS}`;

const RULES = `
SELECT json_build_object('on', r.ev_class::int8, 'definition', pg_catalog.pg_get_ruledef(r.oid),
  'calls', (SELECT json_agg(DISTINCT d.refobjid::int8) FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_rewrite'::regclass
    AND d.objid = r.oid AND d.refclassid = 'pg_catalog.pg_proc'::regclass))::text
FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE r.ev_type <> '1' AND ${OURS}`;

/** One that is immutable reads no table; what an extension has brought is none of the app's. */
const ROUTINES = `
SELECT json_build_object('oid', p.oid::int8, 'name', p.proname, 'mayWrite', p.provolatile = 'v', 'isTrigger', p.prorettype = 'pg_catalog.trigger'::pg_catalog.regtype, 'path', (SELECT pg_catalog.substring(s, 13) FROM unnest(p.proconfig) AS s WHERE s LIKE 'search_path=%'),
  'definition', pg_get_functiondef(p.oid))::text
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE p.prokind IN ('f', 'p') AND p.provolatile <> 'i' AND l.lanname IN ('sql', 'plpgsql') AND ${OURS}
  AND p.proname NOT IN ${OF_NOTIFY}
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
    WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')`;

/**
 * By table, what its policies of row-level security ask: other tables, functions. Nobody knows which role will read, so they
 * count for each one.
 */
const POLICIES = `
SELECT json_build_object('table', p.polrelid::int8, 'text', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
  'isActive', pg_catalog.row_security_active(p.polrelid),
  'reads', (SELECT json_agg(DISTINCT jsonb_build_array(m.nspname, u.relname))
    FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class u ON u.oid = d.refobjid AND u.relkind IN ('r', 'p', 'f', 'm', 'v')
    JOIN pg_catalog.pg_namespace m ON m.oid = u.relnamespace
    WHERE d.classid = 'pg_catalog.pg_policy'::regclass AND d.objid = p.oid AND d.refclassid = 'pg_catalog.pg_class'::regclass
      AND d.refobjid <> p.polrelid),
  'calls', (SELECT json_agg(DISTINCT d.refobjid::int8) FROM pg_catalog.pg_depend d
    WHERE d.classid = 'pg_catalog.pg_policy'::regclass AND d.objid = p.oid AND d.refclassid = 'pg_catalog.pg_proc'::regclass))::text
FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
WHERE c.relrowsecurity AND p.polcmd IN ('r', '*')`;

/** Reads tables, keys, foreign keys, partitions, views, functions and triggers: some milliseconds, once. */
export async function readCatalogue(ask: Ask): Promise<PgCatalogue> {
  const all = async <T>(sql: string): Promise<readonly T[]> => (await ask(sql)).map((text) => JSON.parse(text) as T);
  const [searchPath = []] = await all<readonly string[]>(PATH);
  const relations = new Map((await all<Relation>(RELATIONS)).map((relation) => [relation.oid, relation]));
  const references = await all<ForeignKey>(REFERENCES);
  const parts = await all<readonly [part: number, whole: number]>(PARTS);
  const views = await all<View>(VIEWS);

  const schemasOf = new Map<string, Set<string>>();
  for (const { name, schema } of [...relations.values(), ...views])
    schemasOf.set(name, (schemasOf.get(name) ?? new Set()).add(schema));
  const routines = new Routines(await all<Routine>(ROUTINES), schemasOf);

  const policies = await all<Policy>(POLICIES);
  const rules = (await all<Rule>(RULES)).map(({ on, definition, calls }) => {
    const tables = tablesOfRule(definition);
    const written = (calls ?? []).map((oid) => (routines.mayWrite(oid) ? routines.writesOf(oid) : []));
    const isTold = tables !== undefined && !written.includes(undefined);
    return { on, writes: isTold ? [...tables, ...written.flatMap((each) => each ?? [])] : undefined };
  });
  const called = await all<readonly [table: number, run: number]>(CALLED);

  const named = (oid: number): TableName | undefined => {
    const relation = relations.get(oid);
    return relation && { table: relation.name, schema: relation.schema };
  };
  const placed = ({ table, schema }: TableName): TableName => {
    const schemas = new Set([...relations.values()].filter(({ name }) => name === table).map((it) => it.schema));
    return { table, schema: schema ?? searchPath.find((each) => schemas.has(each)) };
  };
  const wholes = groupedBy(parts.filter(([part, whole]) => relations.has(part) && relations.has(whole)));
  /** A table, and what is written and read along with it: what it is a part of, or a child. */
  const withWholes = (oid: number): readonly number[] => {
    const found = new Set([oid]);
    for (const each of found) for (const whole of wholes.get(each) ?? []) found.add(whole);
    return [...found];
  };
  /** Whether columns have other values only where a statement names them: none are made of others, nor set by a trigger. */
  const setOnlyByName = (oid: number, columns: ForeignKey[4]): boolean => {
    const own = [...relations.values()].filter((each) => withWholes(each.oid).includes(oid));
    const names = columns.map(([name]) => name);
    if (columns.some(([, isGenerated]) => isGenerated)) return false;
    return !own.some(({ inFront }) => inFront?.some((body) => mayRekey(body ?? undefined, names, 'postgres')));
  };
  const referring = new Map<number, Map<string, Reference>>();
  for (const [to, from, onDelete, onUpdate, columns, by] of references) {
    const name = named(from);
    if (name === undefined) continue;
    const reference = {
      from: name,
      onDelete: actionOf(onDelete),
      onUpdate: actionOf(onUpdate),
      to: setOnlyByName(to, columns) ? columns.map(([column]) => column) : undefined,
      by,
    };
    for (const oid of withWholes(to)) {
      const known = referring.get(oid) ?? new Map<string, Reference>();
      referring.set(oid, known.set([from, onDelete, onUpdate, ...by].join(' '), reference));
    }
  }
  /** By table, the functions of its triggers and of those of its parts. */
  const acting = groupedBy(
    [
      ...[...relations.values()].flatMap(({ oid, triggers }) => (triggers ?? []).map((run) => [oid, run] as const)),
      ...called.filter(([, run]) => routines.mayWrite(run)),
    ].flatMap(([oid, run]) => withWholes(oid).map((on) => [on, run] as const)),
  );
  const untoldRules = new Set(rules.filter(({ writes }) => writes === undefined).map(({ on }) => on));
  const ruled = new Set(
    [...relations.values()].filter(({ hasRules }) => hasRules).flatMap(({ oid }) => withWholes(oid)),
  );
  /** A row of a part may be written by the name of the whole. */
  const rekeyed = new Set(
    [...relations.values()]
      .filter(
        ({ pk, inFront }) =>
          pk?.some(([, , , isGenerated]) => isGenerated) ||
          inFront?.some((body) => mayRekey(body ?? undefined, columnsOf(pk), 'postgres')),
      )
      .flatMap(({ oid }) => withWholes(oid)),
  );
  const facts = [...relations.values()].map(({ oid, schema, name, pk, isWhole }): TableFacts => {
    const isPlain = pk?.every(([, , plain]) => plain) === true;
    return {
      name,
      schema,
      // One without a key may have one of the app's own making: nothing stops two rows, and then both are meant.
      pk: pk === null ? undefined : isPlain ? columnsOf(pk) : [],
      saidBy: 'database',
      referredBy: [...(referring.get(oid)?.values() ?? [])],
      mayActUnseen: ruled.has(oid) || acting.has(oid) || (isWhole ? false : undefined),
      mayRekey: rekeyed.has(oid),
    };
  });
  return {
    searchPath,
    untoldFunctions: routines.untold,
    shownByAsker: policies
      .filter(
        ({ isActive, text, calls }) => isActive && (asksWho(text ?? '') || calls?.some((oid) => routines.asksWho(oid))),
      )
      .flatMap(({ table }) => named(table) ?? []),
    columnNames(table, column) {
      const relation = relations.get(table);
      return relation && (relation.pk?.find(([, number]) => number === column)?.[0] ?? '');
    },
    tables: facts.map(({ name, schema }) => ({ table: name, schema })),
    withTriggers: [...relations.values(), ...views]
      .filter(
        ({ oid, triggers }) => untoldRules.has(oid) || triggers?.some((run) => routines.writesOf(run) === undefined),
      )
      .map(({ name, schema }) => ({ table: name, schema })),
    untoldRules: [...relations.values(), ...views]
      .filter(({ oid }) => untoldRules.has(oid))
      .map(({ name, schema }) => ({ table: name, schema })),
    fill(map, isTold = () => false) {
      map.describe(
        facts.map((each) => ({ ...each, referredBy: each.referredBy?.filter(({ from }) => !isTold(from)) })),
      );
      for (const [part, of] of wholes) {
        const [from, to] = [named(part), [...of].flatMap((oid) => named(oid) ?? [])];
        if (from === undefined) continue;
        map.stands(from, to);
        // What is deleted by one of them is gone from the others.
        if (to.length < 2) continue;
        for (const each of withWholes(part).flatMap((oid) => (oid === part ? [] : (named(oid) ?? []))))
          map.triggers(each, to);
      }
      const made = [...relations.values()].map(({ oid, ...table }) => ({ ...table, oid, triggers: acting.get(oid) }));
      for (const { oid, name, schema, triggers } of [...made, ...views]) {
        const ruledBy = rules.filter(({ on }) => on === oid).flatMap(({ writes }) => writes ?? []);
        const written = [...[...(triggers ?? [])].flatMap((run) => routines.writesOf(run) ?? []), ...ruledBy].filter(
          (table) => !isTold(placed(table)),
        );
        if (written.length > 0) map.triggers({ table: name, schema }, written);
      }
      routines.fill(map);
      if (routines.movePath) map.pathMoves();
      for (const { table, reads, calls } of policies) {
        const asked = (reads ?? []).map(([of, name]) => ({ table: name, schema: of }));
        const all = [...asked, ...(calls ?? []).flatMap((oid) => routines.readsOf(oid))];
        for (const name of withWholes(table).flatMap((oid) => named(oid) ?? [])) map.asks(name, all);
      }
      for (const { schema, name, reads, calls } of views) {
        const tables = (reads ?? []).map(([of, table]): TableName => ({ table, schema: of }));
        tables.push(...(calls ?? []).flatMap((oid) => routines.readsOf(oid)));
        if (tables.length > 0) map.stands({ table: name, schema }, tables);
      }
    },
  };
}

function columnsOf(pk: Relation['pk']): readonly string[] {
  return pk?.map(([column]) => column) ?? [];
}

function groupedBy(
  pairs: readonly (readonly [key: number, value: number])[],
): ReadonlyMap<number, ReadonlySet<number>> {
  const groups = new Map<number, Set<number>>();
  for (const [key, value] of pairs) groups.set(key, (groups.get(key) ?? new Set()).add(value));
  return groups;
}

function actionOf(action: Action): Reference['onDelete'] {
  if (action === 'c') return 'cascade';
  return action === 'n' || action === 'd' ? 'set' : 'none';
}
