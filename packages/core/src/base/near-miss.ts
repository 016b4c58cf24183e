/** Nobody mistypes a longer name than this, and comparing takes the square of it. */
const LONGEST = 40;

/**
 * The name that was probably meant: the same in another letter case, the beginning of one, or one to two slips away.
 *
 * @returns `undefined` where none is near enough to be offered
 *
 * @example
 * ```ts
 * nearest('tag', ['ttl', 'tags']); // 'tags'
 * ```
 */
export function nearest(given: string, known: readonly string[]): string | undefined {
  if (given === '' || given.length > LONGEST) return undefined;
  const lower = given.toLowerCase();
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const name of known) {
    const slips = slipsBetween(lower, name.toLowerCase());
    if (slips >= least) continue;
    best = name;
    least = slips;
  }
  // In a short word two slips make another word.
  return least <= (given.length < 3 ? 0 : given.length < 6 ? 1 : 2) ? best : undefined;
}

/** Letters to insert, leave out, replace, or swap with their neighbour; none where one begins with all of the other. */
function slipsBetween(a: string, b: string): number {
  if (a === b) return 0;
  if (Math.min(a.length, b.length) > 2 && (a.startsWith(b) || b.startsWith(a))) return 0.5;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      let slips = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (isSame ? 0 : 1));
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) slips = Math.min(slips, at(beforeLast, j - 2) + 1);
      row.push(slips);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
