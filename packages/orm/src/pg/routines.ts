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
  readonly definition: string;
}

/** What one does, by its text. */
interface Deeds {
  readonly routine: Routine;
  readonly reads: Set<string>;
  readonly writes: Set<string>;
  /** Others that it calls are among its words. */
  readonly names: ReadonlySet<string>;
  /** It puts statements together that stand nowhere. */
  isDynamic: boolean;
  /** It makes or changes tables. */
  redefines: boolean;
  /** It asks who is asking, or what was set for that. */
  asksWho: boolean;
}

/** What the functions and procedures of a database touch, with those that they call. */
export class Routines {
  readonly #deeds: readonly Deeds[];
  readonly #byOid = new Map<number, Deeds>();

  /** @param isTable - whether the database has a table or a view of a name */
  constructor(routines: readonly Routine[], isTable: (name: string) => boolean) {
    this.#deeds = routines.map((routine) => deedsOf(routine, isTable));
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

  /** The tables that one reads, as far as its text tells. */
  readsOf(oid: number): readonly TableName[] {
    return [...(this.#byOid.get(oid)?.reads ?? [])].map(nameOf);
  }

  asksWho(oid: number): boolean {
    return this.#byOid.get(oid)?.asksWho === true;
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
          if (called !== deeds && takeOver(deeds, called)) isNew = true;
        }
      }
    }
  }
}

function takeOver(deeds: Deeds, called: Deeds): boolean {
  const size = (): number =>
    deeds.reads.size +
    deeds.writes.size +
    [deeds.isDynamic, deeds.redefines, deeds.asksWho].filter((isSo) => isSo).length;
  const before = size();
  for (const name of called.reads) deeds.reads.add(name);
  for (const name of called.writes) deeds.writes.add(name);
  deeds.isDynamic ||= called.isDynamic;
  deeds.redefines ||= called.redefines;
  deeds.asksWho ||= called.asksWho;
  return size() > before;
}

function deedsOf(routine: Routine, isTable: (name: string) => boolean): Deeds {
  const { definition, mayWrite } = routine;
  const reads = new Set<string>();
  const writes = new Set<string>();
  // Whatever it calls is a word of it, also where that stands in a text that it carries out.
  const words = definition.match(/[\w$]+/g) ?? [];
  // What is not quoted is folded, and here nobody knows what is.
  const names = new Set([...words, ...words.map((word) => word.toLowerCase())]);
  for (const footprint of statementsOf('postgres').footprints(definition)) {
    for (const read of footprint.reads) reads.add(keyOf(read));
    // `SELECT … INTO x` fills a variable there, and no table.
    for (const write of footprint.writes)
      if (mayWrite && (write.verb !== 'ddl' || isTable(write.table))) writes.add(keyOf(write));
    // What it hands back of them it has read: the caller sees that.
    if (footprint.returnsWritten === true) for (const write of footprint.writes) reads.add(keyOf(write));
    if (footprint.isUnderstood) continue;
    for (const name of [...names, ...footprint.names].filter(isTable)) {
      reads.add(keyOf({ table: name, schema: undefined }));
      if (mayWrite) writes.add(keyOf({ table: name, schema: undefined }));
    }
  }
  return {
    routine,
    reads,
    writes,
    names,
    isDynamic: /\bexecute\b/i.test(definition),
    // Its own CREATE is none that it carries out.
    redefines: mayWrite && DEFINES.test(definition.slice('create'.length)),
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
