/** The packages beside `pg` bring no types. */
declare module 'pg-cursor' {
  export default class Cursor {
    constructor(text: string, values?: readonly unknown[]);
    submit(connection: unknown): void;
    read(rows: number): Promise<unknown[]>;
    read(rows: number, callback: () => void): void;
    close(): Promise<void>;
  }
}

declare module 'pg-copy-streams' {
  import type { Writable } from 'node:stream';
  export function from(text: string): Writable & { submit(connection: unknown): void };
}

/** The oldest version that is supported, and a second copy beside the newest. */
declare module 'pg811' {
  import pg from 'pg';
  export default pg;
}
