import type { Table } from '../tables/table.js';

/** Which rows of one table were written. */
interface TableWrites {
  /** By their ids, in the spelling of those who read them; with others that somebody may have written by hand. */
  readonly ids: Map<string, ReadonlySet<string>>;
  /** Rows have changed of which nobody knows the ids. */
  isBulk: boolean;
  /** Rows have appeared of which nobody knows the ids. */
  hasInserts: boolean;
}

/** The id of a row as reads spell it, and how else somebody may have written it. */
export type RowIds = readonly [id: string, others?: Iterable<string>];

/** What was written within one frame of a transaction: kept by table, so that it stays small however much is written. */
export class WriteBatch {
  readonly #tables = new Map<Table, TableWrites>();
  /** Tags that the app has named itself. */
  readonly #named = new Set<string>();
  readonly #maxRows: number;
  /** It may have been carried out, or may yet be: nobody has told. */
  isUncertain = false;
  /** There are other tables, or views, after it than before. */
  changesTables = false;
  /** The first statement that wrote, to be told to a person. */
  statement: string | undefined;
  #why: string | undefined;

  /** @param maxRows - rows of one table that are named each; more of them count as any row of it */
  constructor(maxRows: number) {
    this.#maxRows = maxRows;
  }

  /** Nobody knows what was written: whatever depends on anything of this cache. */
  get isEverything(): boolean {
    return this.#why !== undefined;
  }

  /** Why that is so, to be told to a person. */
  get why(): string | undefined {
    return this.#why;
  }

  get isEmpty(): boolean {
    return !this.isEverything && this.#tables.size === 0 && this.#named.size === 0;
  }

  /** @param rows - the id of each, and how else it may be spelled */
  rows(table: Table, rows: Iterable<RowIds>): void {
    const writes = this.#of(table);
    for (const [id, others = []] of rows) {
      if (writes.isBulk) return;
      writes.ids.set(id, new Set([...(writes.ids.get(id) ?? []), ...others]));
      if (writes.ids.size > this.#maxRows) this.bulk(table);
    }
  }

  bulk(table: Table): void {
    const writes = this.#of(table);
    writes.isBulk = true;
    // Each of them depends on the bulk tag, too.
    writes.ids.clear();
  }

  inserted(table: Table): void {
    this.#of(table).hasInserts = true;
  }

  name(tags: Iterable<string>): void {
    for (const tag of tags) this.#named.add(tag);
  }

  everything(why: string): void {
    this.#why ??= why;
  }

  merge(other: WriteBatch): void {
    for (const [table, { ids, isBulk, hasInserts }] of other.#tables) {
      const writes = this.#of(table);
      if (isBulk) this.bulk(table);
      if (hasInserts) writes.hasInserts = true;
      this.rows(table, ids);
    }
    this.name(other.#named);
    this.#why ??= other.#why;
    this.isUncertain ||= other.isUncertain;
    this.changesTables ||= other.changesTables;
    this.statement ??= other.statement;
  }

  /** What of it no rollback takes back: that of tables which know no transactions. */
  lasting(): WriteBatch {
    const lasting = new WriteBatch(this.#maxRows);
    lasting.statement = this.statement;
    for (const [table, writes] of this.#tables) if (table.isLasting) lasting.#tables.set(table, writes);
    return lasting;
  }

  /** Each tag once, in all its spellings. */
  tags(): readonly string[] {
    const tags = new Set(this.names());
    for (const [{ spellings }, writes] of this.#tables) {
      for (const spelling of spellings.all) {
        for (const tag of tagsOf(spelling, writes)) tags.add(tag);
        for (const [, others] of writes.ids) for (const other of others) tags.add(`${spelling}#${other}`);
      }
      for (const also of spellings.alsoWritten) tags.add(also);
    }
    return [...tags];
  }

  /** The same, each table and each row of it once: as those call it who read it where it was written. */
  names(): readonly string[] {
    const names = new Set(this.#named);
    for (const [{ spellings }, writes] of this.#tables) for (const tag of tagsOf(spellings.tag, writes)) names.add(tag);
    return [...names];
  }

  #of(table: Table): TableWrites {
    const known = this.#tables.get(table);
    if (known !== undefined) return known;
    const writes = { ids: new Map<string, ReadonlySet<string>>(), isBulk: false, hasInserts: false };
    this.#tables.set(table, writes);
    return writes;
  }
}

function* tagsOf(table: string, { ids, isBulk, hasInserts }: TableWrites): Iterable<string> {
  yield table;
  if (isBulk) yield `${table}!bulk`;
  if (hasInserts) yield `${table}!ins`;
  for (const id of ids.keys()) yield `${table}#${id}`;
}
