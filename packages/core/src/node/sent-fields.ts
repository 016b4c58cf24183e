import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isProperty, selectingObject, selectingPropertyOf, takeProperties } from '../engine/selecting-values.js';
import type { RequestFields } from '../engine/variants.js';

/** What Node makes of a field, and what middleware has put in its place. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string' || value === undefined) return value;
  // Lists, too, may have been put there.
  if (Array.isArray(value) && value.every((it) => typeof it === 'string')) return value.join(', ');
  return selectingObject(value);
}

/** The fields of a request, and its properties, as middleware has made them. */
export function fieldsOf(req: IncomingMessage): RequestFields {
  return new HeaderFields(req);
}

class HeaderFields implements RequestFields {
  readonly #req: IncomingMessage;

  constructor(req: IncomingMessage) {
    this.#req = req;
  }

  get(name: string): string | undefined {
    if (isProperty(name)) return selectingPropertyOf(this.#req, name);
    return textOf(this.#req.headers[name]);
  }
}

/** The fields as they were at arrival: what middleware inside the view writes must not change which variant this is. */
export class ArrivalFields implements RequestFields {
  readonly #headers: IncomingHttpHeaders;
  readonly #properties: ReadonlyMap<string, string> | undefined;

  /** @param properties - the names of those that select */
  constructor(req: IncomingMessage, properties: readonly string[]) {
    this.#headers = { ...req.headers };
    this.#properties = takeProperties(req, properties);
  }

  get(name: string): string | undefined {
    if (isProperty(name)) return this.#properties?.get(name);
    return textOf(this.#headers[name]);
  }
}

/** The fields as the client sent them, whatever middleware has made of them since. */
export class SentFields implements RequestFields {
  readonly #lines: readonly string[];

  constructor(req: IncomingMessage) {
    this.#lines = req.rawHeaders;
  }

  get(name: string): string | undefined {
    // Nobody sends what middleware assigns.
    if (isProperty(name)) return undefined;
    const values = this.#lines.filter((_, at) => at % 2 === 1 && this.#lines[at - 1]?.toLowerCase() === name);
    return values.length === 0 ? undefined : values.join(', ');
  }
}
