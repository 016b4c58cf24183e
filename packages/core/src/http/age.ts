import { type FieldValue, firstLine, MAX_DELTA_SECONDS, parseDeltaSeconds, trimOws } from './syntax.js';

/**
 * Reads an Age field (RFC 9111 §5.1): whole seconds, at most 2^31.
 *
 * Of several lines or members the first counts, the rest is ignored; a value that is no number is ignored altogether. Of a
 * number with a parameter the number counts: whoever sent it meant an age, and too old is the safe side to err on.
 *
 * @returns seconds, or `undefined` when there is no usable Age
 */
export function parseAge(field: FieldValue): number | undefined {
  const line = firstLine(field);
  if (line === undefined) return undefined;
  const end = line.search(/[,;]/);
  return parseDeltaSeconds(trimOws(line, 0, end === -1 ? line.length : end));
}

/**
 * Writes an Age field: whole seconds, rounded down, from 0 to 2^31 (RFC 9111 §5.1).
 *
 * @param ageMs - the current age in milliseconds; a clock that was set back makes it 0
 */
export function formatAge(ageMs: number): string {
  return ageMs >= 1000 ? String(Math.min(Math.floor(ageMs / 1000), MAX_DELTA_SECONDS)) : '0';
}
