import { EventEmitter } from 'node:events';
import { type OutgoingHttpHeader, OutgoingMessage, type ServerResponse } from 'node:http';
import { NODE_NAMES } from './newborn.js';

type Listener = (...args: unknown[]) => void;
type Methods = ReadonlyMap<PropertyKey, unknown>;

/** What one party has made of a response that is not sent yet: its status, its fields, its hooks and its listeners. */
export interface ResponsePart {
  readonly status: number;
  readonly message: string | undefined;
  /** In the letter case they were set in. */
  readonly fields: readonly (readonly [name: string, value: OutgoingHttpHeader])[];
  /** Methods of Node's that were put over with others. */
  readonly methods: Methods;
  readonly listeners: readonly (readonly [event: string | symbol, listener: Listener])[];
}

/** What is on a response now. */
export function takePart(res: ServerResponse): ResponsePart {
  return {
    status: res.statusCode,
    // Node's types promise a string; there is none until one is set.
    message: res.statusMessage as string | undefined,
    fields: fieldsOf(res),
    methods: methodsOf(res),
    listeners: EventEmitter.prototype.eventNames
      .call(res)
      .flatMap((event) => res.rawListeners(event).map((listener) => [event, listener as Listener] as const)),
  };
}

/**
 * Takes back from a response whatever has been made of it since, so that something else can be answered in the handler's
 * stead, with all that middleware in front has prepared.
 *
 * @param before - what was on it then
 * @returns what the handler had made of it: everything, with `before`, except that the listeners are its own alone
 */
export function takeBack(res: ServerResponse, before: ResponsePart): ResponsePart {
  const now = takePart(res);
  putMethods(res, before.methods);
  putFields(res, before.fields);
  putStatus(res, before);
  const kept = [...before.listeners];
  const added = now.listeners.filter((its) => !takeOut(kept, its));
  for (const [event, listener] of added) EventEmitter.prototype.removeListener.call(res, event, listener);
  return { ...now, listeners: added };
}

/** Gives a response what {@link takeBack} took from it. */
export function giveBack(res: ServerResponse, part: ResponsePart): void {
  // By Node's own methods: those of the part may watch, or record, what is done by them.
  putFields(res, part.fields);
  putStatus(res, part);
  putMethods(res, part.methods);
  for (const [event, listener] of part.listeners) EventEmitter.prototype.on.call(res, event, listener);
}

/** Puts back the methods alone, where the response has been sent. */
export function putMethods(res: ServerResponse, methods: Methods): void {
  const own = res as unknown as Record<PropertyKey, unknown>;
  for (const name of methodsOf(res).keys()) if (!methods.has(name)) delete own[name];
  for (const [name, method] of methods) own[name] = method;
}

function methodsOf(res: ServerResponse): Methods {
  const own = res as unknown as Record<PropertyKey, unknown>;
  const methods = new Map<PropertyKey, unknown>();
  for (const name of Reflect.ownKeys(own)) {
    // Symbols are Node's own business.
    if (typeof name === 'string' && NODE_NAMES.has(name) && typeof own[name] === 'function')
      methods.set(name, own[name]);
  }
  return methods;
}

const { getHeader, setHeader, removeHeader } = OutgoingMessage.prototype;
const { getRawHeaderNames } = OutgoingMessage.prototype as OutgoingMessage & { getRawHeaderNames(): string[] };

function fieldsOf(res: ServerResponse): (readonly [name: string, value: OutgoingHttpHeader])[] {
  return getRawHeaderNames.call(res).map((name) => [name, getHeader.call(res, name) ?? ''] as const);
}

/** What Node remembers of fields that were removed: it would leave them out for good, also where they come back. */
const REMOVALS = ['_removedConnection', '_removedContLen', '_removedTE', 'sendDate'] as const;

function putFields(res: ServerResponse, fields: ResponsePart['fields']): void {
  const own = res as unknown as Record<string, unknown>;
  const removals = REMOVALS.map((name) => own[name]);
  for (const name of getRawHeaderNames.call(res)) removeHeader.call(res, name);
  for (const [name, value] of fields) setHeader.call(res, name, value as string);
  REMOVALS.forEach((name, at) => {
    own[name] = removals[at];
  });
}

function putStatus(res: ServerResponse, { status, message }: ResponsePart): void {
  res.statusCode = status;
  if (message === undefined) Reflect.deleteProperty(res, 'statusMessage');
  else res.statusMessage = message;
}

function takeOut(
  from: (readonly [event: string | symbol, listener: Listener])[],
  one: readonly [unknown, unknown],
): boolean {
  const at = from.findIndex(([event, listener]) => event === one[0] && listener === one[1]);
  if (at >= 0) from.splice(at, 1);
  return at >= 0;
}
