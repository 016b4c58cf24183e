/** Requests in the order they came. */
export interface Trace {
  readonly name: string;
  /** What was asked for: numbers from 0 up, given in the order of first sight. */
  readonly ids: Uint32Array;
  /** How many different things were asked for. */
  readonly unique: number;
  /** Bytes of each, by request; where there are none, all weigh 1. */
  readonly sizes?: Uint32Array;
}

/** Makes a trace of names of any kind. */
export function traceOf(name: string, names: Iterable<string | number | bigint>, sizes?: readonly number[]): Trace {
  const numbers = new Map<string | number | bigint, number>();
  const ids: number[] = [];
  for (const each of names) {
    const id = numbers.get(each) ?? numbers.size;
    if (id === numbers.size) numbers.set(each, id);
    ids.push(id);
  }
  const trace = { name, ids: Uint32Array.from(ids), unique: numbers.size };
  return sizes === undefined ? trace : { ...trace, sizes: Uint32Array.from(sizes) };
}
