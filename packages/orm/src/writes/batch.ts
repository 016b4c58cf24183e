import type { Table } from '../tables/table.js';

/** Which rows of one table were written. */
interface TableWrites {
  /** By their ids. */
  readonly ids: Set<string>;
  /** Rows have changed of which nobody knows the ids. */
  isBulk: boolean;
  /** Rows have appeared of which nobody knows the ids. */
  hasInserts: boolean;
}

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

  rows(table: Table, ids: Iterable<string>): void {
    const writes = this.#of(table);
    for (const id of ids) {
      if (writes.isBulk) return;
      writes.ids.add(id);
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

  /** Each tag once. */
  tags(): readonly string[] {
    const tags = new Set(this.#named);
    for (const [{ tag, bulkTag, insertTag }, { ids, isBulk, hasInserts }] of this.#tables) {
      tags.add(tag);
      if (isBulk) tags.add(bulkTag);
      if (hasInserts) tags.add(insertTag);
      for (const id of ids) tags.add(`${tag}#${id}`);
    }
    return [...tags];
  }

  #of(table: Table): TableWrites {
    const known = this.#tables.get(table);
    if (known !== undefined) return known;
    const writes = { ids: new Set<string>(), isBulk: false, hasInserts: false };
    this.#tables.set(table, writes);
    return writes;
  }
}
