const STRING_BYTES = 16;
/** Up to here counting is dearer than what it would save. */
const SHORT = 16;

/** What a value that is no object weighs in memory, its place included. */
export function weigh(value: unknown): number {
  if (typeof value === 'number') return 16;
  if (typeof value === 'string') return 8 + STRING_BYTES + weighText(value);
  if (typeof value === 'bigint') return 24 + weighBigInt(value);
  return 8;
}

/** One byte a character if all are ASCII, and else two, or as many as UTF-8 takes. */
function weighText(text: string): number {
  const { length } = text;
  if (length <= SHORT) return 3 * length;
  const encoded = Buffer.byteLength(text);
  return encoded === length ? length : Math.max(2 * length, encoded);
}

/** As many as its decimal digits: more than it takes. */
function weighBigInt(value: bigint): number {
  return value < 2n ** 53n && value > -(2n ** 53n) ? 16 : value.toString(16).length * 1.25;
}
