/** A producer that counts its runs and makes their number. */
export function counting(): { runs: number; make(): number } {
  const counted = { runs: 0, make: () => ++counted.runs };
  return counted;
}
