import { randomBytes } from 'node:crypto';

const { imul } = Math;

/**
 * Others in each process: who chooses keys may know the hash, and must not know which cells are next to each other. What is found
 * does not depend on them.
 */
const [SEED, ODD] = secrets();

/**
 * Finds positions in a column of 32-bit hashes by the hash that stands there.
 *
 * Open addressing with linear probing, 4 bytes a cell: the hashes stay in the caller's column, which every method is given.
 * Deleting moves back what probed past, so nothing is left behind.
 */
export class HashIndex {
  /** Positions, one more each; 0 for a free cell. */
  #cells: Uint32Array;

  /** @param cells - above the number of positions it will hold at a time; at 2 for 1 a look-up takes a step or two */
  constructor(cells: number) {
    this.#cells = new Uint32Array(cells);
  }

  /** The position of a hash, -1 where it is not known. */
  find(hash: number, hashes: Uint32Array): number {
    const cells = this.#cells;
    let cell = home(hash, cells.length);
    for (;;) {
      const position = (cells[cell] as number) - 1;
      if (position < 0 || hashes[position] === hash) return position;
      cell = cell + 1 === cells.length ? 0 : cell + 1;
    }
  }

  /** Takes in a position whose hash is not known yet. */
  add(position: number, hashes: Uint32Array): void {
    const cells = this.#cells;
    let cell = home(hashes[position] as number, cells.length);
    while (cells[cell] !== 0) cell = cell + 1 === cells.length ? 0 : cell + 1;
    cells[cell] = position + 1;
  }

  /** Forgets a position that is known. */
  delete(position: number, hashes: Uint32Array): void {
    const cells = this.#cells;
    let free = home(hashes[position] as number, cells.length);
    while (cells[free] !== position + 1) free = free + 1 === cells.length ? 0 : free + 1;
    let cell = free;
    for (;;) {
      cell = cell + 1 === cells.length ? 0 : cell + 1;
      const other = cells[cell] as number;
      if (other === 0) break;
      const from = home(hashes[other - 1] as number, cells.length);
      // It may go to the free cell unless that is before the first it may stand in.
      if (between(from, cell, cells.length) < between(free, cell, cells.length)) continue;
      cells[free] = other;
      free = cell;
    }
    cells[free] = 0;
  }

  clear(): void {
    this.#cells.fill(0);
  }
}

/** Steps from one cell on to another. */
function between(from: number, to: number, cells: number): number {
  return to >= from ? to - from : to - from + cells;
}

/** Where a hash belongs: by all its bits, as those of a sample begin alike. */
function home(hash: number, cells: number): number {
  const once = imul(hash ^ SEED, 0x9e3779b1);
  const twice = imul(once ^ (once >>> 15), ODD);
  return (((imul(twice ^ (twice >>> 16), 0x85ebca6b) >>> 0) * cells) / 2 ** 32) >>> 0;
}

function secrets(): readonly [seed: number, odd: number] {
  const bytes = randomBytes(8);
  return [bytes.readInt32LE(0), bytes.readInt32LE(4) | 1];
}
