import type { OutgoingHttpHeader, ServerResponse } from 'node:http';

type Sending = (this: ServerResponse, ...args: unknown[]) => unknown;
type Methods = Readonly<Record<string, Sending>>;
type Held = ServerResponse & { [slot]?: Methods | undefined };

/** Where a response keeps the methods of its own that others stand in place of for a while. */
const slot: unique symbol = Symbol.for('viewcache.held') as never;

/** With these a head goes out at the latest. */
const SENDING = ['write', 'end', 'addTrailers', 'flushHeaders'] as const;
const NAMES = ['writeHead', ...SENDING] as const;

/**
 * Holds the head back that Fastify writes until the body is there, which it gives in its next call.
 *
 * What is known of the body belongs into the head: its entity tag, and that it was stored. Node sends neither before
 * the other, so that a client sees nothing of this.
 */
export function holdHead(res: ServerResponse): void {
  const own = res as unknown as Record<string, Sending>;
  const methods: Record<string, Sending> = {};
  for (const name of NAMES) if (Object.hasOwn(res, name)) methods[name] = own[name] as Sending;
  (res as Held)[slot] = methods;
  // The same functions for all responses: one that is made for a response, and put on it, is dear to collect.
  Object.assign(res, HOLDING);
}

const HOLDING: Methods = {
  writeHead(...args) {
    const [status, fields] = args;
    // Anything else is not as Fastify writes it.
    if (typeof status !== 'number' || status < 200 || args.length > 2 || !isPlain(fields)) {
      letGo(this);
      return (this.writeHead as Sending).apply(this, args);
    }
    this.statusCode = status;
    for (const name in fields) this.setHeader(name, fields[name] as string);
    return this;
  },
  ...Object.fromEntries(
    SENDING.map((name): [string, Sending] => [
      name,
      function (...args) {
        letGo(this);
        return (this[name] as Sending).apply(this, args);
      },
    ]),
  ),
};

function letGo(res: Held): void {
  const own = res as unknown as Record<string, Sending>;
  const methods = res[slot] ?? {};
  for (const name of NAMES) {
    // Whoever has put something over it keeps that.
    if (own[name] !== HOLDING[name]) continue;
    const method = methods[name];
    if (method === undefined) delete own[name];
    else own[name] = method;
  }
}

function isPlain(fields: unknown): fields is Readonly<Record<string, OutgoingHttpHeader>> | undefined {
  return fields === undefined || (typeof fields === 'object' && fields !== null && !Array.isArray(fields));
}
