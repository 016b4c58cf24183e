import type { Trace } from './trace.js';

/** Numbers from 0 up to 1, the same for a seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** A part of a generated trace. */
export type Phase = (random: () => number) => Uint32Array;

/**
 * Requests of which few are for most keys: the nth most popular key is asked for `n ** -skew` as often as the first.
 *
 * @param first - the most popular key; the others follow
 */
export const zipf =
  (requests: number, keys: number, skew: number, first = 0): Phase =>
  (random) => {
    const upTo = new Float64Array(keys);
    let sum = 0;
    for (let rank = 0; rank < keys; rank++) upTo[rank] = sum += (rank + 1) ** -skew;
    return Uint32Array.from({ length: requests }, () => first + rankOf(random() * sum, upTo));
  };

function rankOf(drawn: number, upTo: Float64Array): number {
  let low = 0;
  let high = upTo.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((upTo[middle] as number) < drawn) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The same keys in the same order, again and again. */
export const loop =
  (requests: number, keys: number, first = 0): Phase =>
  () =>
    Uint32Array.from({ length: requests }, (_, i) => first + (i % keys));

/** Keys near a place that moves on: what is new is asked for often, and soon never again. */
export const sliding =
  (requests: number, width: number, perStep: number, first = 0): Phase =>
  (random) =>
    Uint32Array.from(
      { length: requests },
      (_, i) => first + Math.floor(i / perStep) + Math.floor(random() ** 2 * width),
    );

/** Phases one after the other, as a trace. */
export function generated(name: string, phases: readonly Phase[], seed = 2026): Trace {
  const random = seeded(seed);
  const parts = phases.map((phase) => phase(random));
  const ids = new Uint32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    ids.set(part, at);
    at += part.length;
  }
  // One more than the highest: keys that are never asked for do no harm.
  const unique = ids.reduce((most, id) => Math.max(most, id + 1), 0);
  return { name, ids, unique };
}
