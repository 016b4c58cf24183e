import { closeSync, openSync, readSync, writeSync } from 'node:fs';

const SLOT = 8;

/** The data source of a fleet: one number a row, in a file that all its processes have open; what is written is there. */
export class DataFile {
  readonly #file: number;
  readonly #slot = Buffer.alloc(SLOT);

  constructor(
    path: string,
    readonly rows: number,
  ) {
    this.#file = openSync(path, 'r+');
  }

  read(row: number): number {
    readSync(this.#file, this.#slot, 0, SLOT, row * SLOT);
    return this.#slot.readDoubleLE(0);
  }

  write(row: number, version: number): void {
    this.#slot.writeDoubleLE(version, 0);
    writeSync(this.#file, this.#slot, 0, SLOT, row * SLOT);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** The bytes of a data source in which every row has the version 0. */
export function emptyRows(rows: number): Buffer {
  return Buffer.alloc(rows * SLOT);
}
