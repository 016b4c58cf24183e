/** It brings no types; these are of what is used here. */
declare module 'sql.js' {
  export interface Statement {
    bind(values: readonly unknown[]): boolean;
    step(): boolean;
    getAsObject(): Record<string, unknown>;
    getColumnNames(): readonly string[];
    free(): boolean;
  }

  export class Database {
    run(sql: string): Database;
    exec(sql: string): readonly { readonly values: readonly (readonly unknown[])[] }[];
    prepare(sql: string): Statement;
    getRowsModified(): number;
    close(): void;
  }

  export default function initSqlJs(): Promise<{ readonly Database: typeof Database }>;
}
