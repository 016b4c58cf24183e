/** The same column with room for `length` values, itself where it has that already. */
export function widened<T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(column: T, length: number): T {
  if (length <= column.length) return column;
  const wider = new (column.constructor as new (length: number) => T)(length);
  wider.set(column);
  return wider;
}
