import { callsTextReader } from '../statements/cursors.js';
import { DEFINES } from '../statements/definitions.js';
import { statementsOf } from '../statements/dialect-statements.js';
import type { TableName } from '../statements/footprint-types.js';
import type { TableMap, Touched } from '../tables/table-map.js';

/** A function or procedure of the app, as the catalogue has it. */
export interface Routine {
  readonly oid: number;
  readonly name: string;
  /** PostgreSQL lets none write that is declared `STABLE`. */
  readonly mayWrite: boolean;
  /** Triggers run it, and nobody else can. */
  readonly isTrigger: boolean;
  /** Where it looks bare names up, if it does not leave that to its caller: `shop, pg_temp`. */
  readonly path: string | null;
  readonly definition: string;
}

type SchemasOf = ReadonlyMap<string, ReadonlySet<string>>;

/** What one does, by its text. */
interface Deeds {
  readonly routine: Routine;
  readonly reads: Set<string>;
  readonly writes: Set<string>;
  /** Others that it calls are among its words. */
  readonly names: ReadonlySet<string>;
  /** It puts statements together that stand nowhere. */
  isDynamic: boolean;
  /** It makes or changes tables, or empties those that refer to one. */
  redefines: boolean;
  /** It asks who is asking, or what was set for that. */
  asksWho: boolean;
}

/** What the functions and procedures of a database touch, with those that they call. */
export class Routines {
  readonly #deeds: readonly Deeds[];
  readonly #byOid = new Map<number, Deeds>();

  readonly #schemasOf: SchemasOf;

  /** @param schemasOf - in which schemas the database has a table or a view of a name */
  constructor(routines: readonly Routine[], schemasOf: SchemasOf) {
    this.#schemasOf = schemasOf;
    this.#deeds = routines.map((routine) => deedsOf(routine, schemasOf));
    for (const deeds of this.#deeds) this.#byOid.set(deeds.routine.oid, deeds);
    this.#follow();
  }

  /** Has calls of them count as what they touch. Those of one name are told apart by nobody. */
  fill(map: TableMap): void {
    const named = new Map<string, Touched>();
    for (const deeds of this.#deeds) {
      if (deeds.reads.size + deeds.writes.size === 0 && !deeds.redefines) continue;
      const known = named.get(deeds.routine.name) ?? { reads: [], writes: [], redefines: false };
      const reads = [...known.reads, ...[...deeds.reads].map(nameOf)];
      const writes = [...known.writes, ...[...deeds.writes].map(nameOf)];
      named.set(deeds.routine.name, { reads, writes, redefines: known.redefines === true || deeds.redefines });
    }
    for (const [name, touched] of named) map.calls(name, touched);
  }

  /** The tables that one writes; `undefined` where its text does not tell. */
  writesOf(oid: number): readonly TableName[] | undefined {
    const deeds = this.#byOid.get(oid);
    if (deeds === undefined || (deeds.isDynamic && deeds.routine.mayWrite)) return undefined;
    return [...deeds.writes].map(nameOf);
  }

  /** Whether it is known that one may write something. */
  mayWrite(oid: number): boolean {
    const deeds = this.#byOid.get(oid);
    return deeds !== undefined && (deeds.writes.size > 0 || (deeds.isDynamic && deeds.routine.mayWrite));
  }

  /** The tables that one reads, as far as its text tells. */
  readsOf(oid: number): readonly TableName[] {
    return [...(this.#byOid.get(oid)?.reads ?? [])].map(nameOf);
  }

  asksWho(oid: number): boolean {
    return this.#byOid.get(oid)?.asksWho === true;
  }

  /** Whether one of them has bare names of its caller mean tables of another schema from then on. */
  get movePath(): boolean {
    // The path of its own, which stands before its body, moves nobody else's.
    return this.#deeds.some(({ routine: { definition } }) =>
      MOVES_PATH.test(definition.slice(definition.indexOf('\nAS $'))),
    );
  }

  /** Those that anybody may call, and whose texts do not tell what they touch. */
  get untold(): readonly string[] {
    const untold = this.#deeds.filter(({ isDynamic, routine }) => isDynamic && !routine.isTrigger);
    return [...new Set(untold.map(({ routine }) => routine.name))];
  }

  /** Each takes over what those that it calls do, until nobody learns anything new. */
  #follow(): void {
    const byName = new Map<string, Deeds[]>();
    for (const deeds of this.#deeds) byName.set(deeds.routine.name, [...(byName.get(deeds.routine.name) ?? []), deeds]);
    for (let isNew = true; isNew; ) {
      isNew = false;
      for (const deeds of this.#deeds) {
        for (const called of [...deeds.names].flatMap((name) => byName.get(name) ?? [])) {
          if (called !== deeds && takeOver(deeds, called, this.#schemasOf)) isNew = true;
        }
      }
    }
  }
}

const MOVES_PATH = /\bset_config\s*\(\s*'search_path'|\bset\s+(?:(?:local|session)\s+)?(?:schema\s*'|search_path\b)/i;

/** The key of a table that a routine names: of a bare name, what its own path leads to, if it has one. */
function placedKey({ table, schema }: TableName, { path }: Routine, schemasOf: SchemasOf): string {
  const schemas =
    path === null || schema !== undefined ? [] : path.split(',').map((each) => each.trim().replace(/^"|"$/g, ''));
  return keyOf({ table, schema: schema ?? schemas.find((each) => schemasOf.get(table)?.has(each)) });
}

function takeOver(deeds: Deeds, called: Deeds, schemasOf: SchemasOf): boolean {
  const size = (): number =>
    deeds.reads.size +
    deeds.writes.size +
    [deeds.isDynamic, deeds.redefines, deeds.asksWho].filter((isSo) => isSo).length;
  const before = size();
  for (const name of called.reads) deeds.reads.add(placedKey(nameOf(name), deeds.routine, schemasOf));
  for (const name of called.writes) deeds.writes.add(placedKey(nameOf(name), deeds.routine, schemasOf));
  deeds.isDynamic ||= called.isDynamic;
  deeds.redefines ||= called.redefines;
  deeds.asksWho ||= called.asksWho;
  return size() > before;
}

function deedsOf(routine: Routine, schemasOf: SchemasOf): Deeds {
  const { definition, mayWrite } = routine;
  const isTable = (name: string): boolean => schemasOf.has(name);
  const placed = (name: TableName): string => placedKey(name, routine, schemasOf);
  const reads = new Set<string>();
  const writes = new Set<string>();
  // Whatever it calls is a word of it, also where that stands in a text that it carries out.
  // A body that ends in a name has its mark right behind it: `users$function$`.
  const words = (definition.match(/[\w$]+/g) ?? []).flatMap((word) => [word, ...word.split('$')]);
  // What is not quoted is folded, and here nobody knows what is.
  const names = new Set([...words, ...words.map((word) => word.toLowerCase())]);
  for (const footprint of statementsOf('postgres').footprints(definition)) {
    for (const read of footprint.reads) reads.add(placed(read));
    // `SELECT … INTO x` fills a variable there, and no table.
    for (const write of footprint.writes)
      if (mayWrite && (write.verb !== 'ddl' || isTable(write.table))) writes.add(placed(write));
    // What it hands back of them it has read: the caller sees that.
    if (footprint.returnsWritten === true) for (const write of footprint.writes) reads.add(placed(write));
    if (footprint.isUnderstood) continue;
    for (const name of [...names, ...footprint.names].filter(isTable)) {
      reads.add(placed({ table: name, schema: undefined }));
      if (mayWrite) writes.add(placed({ table: name, schema: undefined }));
    }
  }
  return {
    routine,
    reads,
    writes,
    names,
    isDynamic: /\bexecute\b/i.test(definition) || callsTextReader(definition),
    // Its own CREATE is none that it carries out.
    redefines:
      mayWrite && (DEFINES.test(definition.slice('create'.length)) || /\btruncate\b[^;]*\bcascade\b/i.test(definition)),
    asksWho: asksWho(definition),
  };
}

/** Whether what it comes to may differ by who asks, or by what was set on the connection. */
export function asksWho(text: string): boolean {
  return /\b(?:current_setting|current_user|session_user|current_role|getpgusername|pg_has_role)\b|(?<![."\w])user(?![."\w])/i.test(
    text,
  );
}

function keyOf({ table, schema }: TableName): string {
  return schema === undefined ? table : `${table}\0${schema}`;
}

function nameOf(key: string): TableName {
  const [table = '', schema] = key.split('\0');
  return { table, schema };
}
