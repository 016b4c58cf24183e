import type { ServerResponse } from 'node:http';

/** Hears of the calls by which a response is set and sent, and makes them itself. */
export interface Tap {
  writeHead(res: ServerResponse, args: unknown[]): unknown;
  write(res: ServerResponse, args: unknown[]): unknown;
  end(res: ServerResponse, args: unknown[]): unknown;
  addTrailers(res: ServerResponse, args: unknown[]): unknown;
  setHeader(res: ServerResponse, args: unknown[]): unknown;
}

type Sent = (this: ServerResponse, ...args: unknown[]) => unknown;
type Methods = Readonly<Record<keyof Tap, Sent>>;
type Tapped = ServerResponse & { [slot]?: Tap[] };
const slot: unique symbol = Symbol.for('viewcache.taps') as never;

/**
 * The functions that stand in place of methods, by how many taps a response had before.
 *
 * The same ones on all responses, each finding its tap on the response: of a function made for one response, and put on it,
 * V8 lets nothing go that it reaches until the next full collection (seen on Node 22 and 24), and copying all that about is
 * a third of what a miss costs.
 */
const methods: Methods[] = [];

function methodsAt(depth: number): Methods {
  methods[depth] ??= {
    writeHead(...args) {
      const tap = tapOf(this, depth);
      return tap === undefined ? callBelow(this, 'writeHead', args) : tap.writeHead(this, args);
    },
    write(...args) {
      const tap = tapOf(this, depth);
      return tap === undefined ? callBelow(this, 'write', args) : tap.write(this, args);
    },
    end(...args) {
      const tap = tapOf(this, depth);
      return tap === undefined ? callBelow(this, 'end', args) : tap.end(this, args);
    },
    addTrailers(...args) {
      const tap = tapOf(this, depth);
      return tap === undefined ? callBelow(this, 'addTrailers', args) : tap.addTrailers(this, args);
    },
    setHeader(...args) {
      const tap = tapOf(this, depth);
      return tap === undefined ? callBelow(this, 'setHeader', args) : tap.setHeader(this, args);
    },
  };
  return methods[depth];
}

function tapOf(res: Tapped, depth: number): Tap | undefined {
  return res[slot]?.[depth];
}

/** Somebody has put the function on another response, which nobody taps. */
function callBelow(res: ServerResponse, name: keyof Tap, args: unknown[]): unknown {
  return (Reflect.get(Object.getPrototypeOf(res), name, res) as Sent).apply(res, args);
}

/** Puts a tap on a response, over those that are there. Returns what stands in place of `writeHead` from now on. */
export function putTap(res: ServerResponse, tap: Tap, isSetHeard: boolean): ServerResponse['writeHead'] {
  const tapped = res as Tapped;
  const taps = tapped[slot];
  const { writeHead, write, end, addTrailers, setHeader } = methodsAt(taps?.length ?? 0);
  if (taps === undefined) tapped[slot] = [tap];
  else taps.push(tap);
  Object.assign(res, { writeHead, write, end, addTrailers });
  if (isSetHeard) Object.assign(res, { setHeader });
  return res.writeHead;
}
