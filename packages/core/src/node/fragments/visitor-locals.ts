import { isDate, isRegExp } from 'node:util/types';
import { currentView } from '../../engine/view-storage.js';
import { type Fields, ofRequests, PLAIN_LOCALS } from '../inputs.js';
import { fragmentsSlot } from './fragments-slot.js';
import { isPerson, objectIn, PERSON_IDS, PERSONS } from './known-visitor.js';

/** The same of what else is a visitor's own. */
const THEIRS = ['session', 'cookies', 'signedCookies', 'flash', 'csrfToken', '_csrf', 'csrf', 'req', 'request', 'res'];
const NAMED: ReadonlySet<string> = new Set([...PERSONS, ...PERSON_IDS, ...THEIRS]);
const OWN_IDS = ['id', '_id', 'uuid', 'sub', 'email', 'username'];
/** By what something says whose it is. */
const FOREIGN_IDS = [
  ...'userId user_id ownerId owner_id accountId account_id customerId customer_id memberId member_id'.split(' '),
  ...'user owner email username'.split(' '),
];
/** What Express and engines put there themselves. */
const PLAIN: ReadonlySet<string> = new Set(['_locals', 'cache', 'filename', ...PLAIN_LOCALS]);

/** What templates are given that may be about the visitor. */
export interface VisitorLocals {
  /** All of it, by the names of the inputs: `req.user`, `res.locals.t`, `local me`. */
  readonly inputs: Map<string, unknown>;
  /** What was given under names by which visitors go. */
  readonly persons: unknown[];
}

/**
 * Finds what of the locals of a template may be about the visitor, and puts in its place what tells when a fragment reads it.
 *
 * That is: what is in `res.locals`, where middleware puts things; what is, or hangs on, a property that middleware has set on
 * the request; and what has a name by which visitors go. Texts and numbers cannot be watched: what a fragment shows of
 * them is looked for in it.
 *
 * @param given - all that Express hands to its engine
 * @param settings - those of the app, which Express puts there as well; anything else of that name is somebody's own
 * @param found - what is found, to be asked for what a fragment has read
 */
export function watchLocals(given: Fields, req: Fields, settings: unknown, found: VisitorLocals): Fields {
  const ofResponse = objectIn(given['_locals']);
  const ofRequest = objectsOf(req);
  const ids = idsOf(req);
  const watched: Fields = {};
  for (const [name, value] of Object.entries(given)) {
    const isPlain = PLAIN.has(name) || (name === 'settings' && value === settings);
    const input = isPlain ? undefined : inputOf(name, value, ofResponse, ofRequest, ids);
    if (input !== undefined) found.inputs.set(input, value);
    if (isPerson(name, value)) found.persons.push(value);
    watched[name] = name === '_locals' ? watch(value, 'res.locals') : input === undefined ? value : watch(value, input);
  }
  return watched;
}

function inputOf(
  name: string,
  value: unknown,
  ofResponse: object | undefined,
  ofRequest: ReadonlyMap<unknown, string>,
  ids: ReadonlySet<string>,
): string | undefined {
  const found = ofRequest.get(value);
  if (found !== undefined) return found;
  if (ofResponse !== undefined && Object.hasOwn(ofResponse, name)) return `res.locals.${name}`;
  return NAMED.has(name) || isOf(value, ids) ? `local ${name}` : undefined;
}

/** What the visitor is told by from all others, as far as it stands where it mostly does. */
function idsOf(req: Fields): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const who of [req['user'], req['auth']]) {
    const person = objectIn(who) as Fields | undefined;
    for (const name of OWN_IDS) {
      const id = person?.[name];
      if (id !== undefined && id !== null && id !== '') ids.add(String(id));
    }
  }
  return ids;
}

/** Whether something was looked up for the visitor, and says so: a profile by its `userId`, a cart by its `customer_id`. */
function isOf(value: unknown, ids: ReadonlySet<string>): boolean {
  const object = ids.size === 0 ? undefined : objectIn(value);
  if (object === undefined) return false;
  return FOREIGN_IDS.some((name) => {
    const id: unknown = Object.getOwnPropertyDescriptor(object, name)?.value;
    return id !== undefined && id !== null && ids.has(String(id));
  });
}

/** What middleware has put on a request, and what that has in it, by identity. */
function objectsOf(req: Fields): ReadonlyMap<unknown, string> {
  const found = new Map<unknown, string>();
  for (const name of ofRequests.of(req)) {
    const value = objectIn(req[name as string]);
    if (value === undefined) continue;
    found.set(value, `req.${String(name)}`);
    for (const part of Object.values(value))
      if (objectIn(part) !== undefined && !found.has(part)) found.set(part, `req.${String(name)}`);
  }
  return found;
}

/** Has all that is cached and is being made here be made of an input. */
function note(input: string): void {
  for (let run = currentView(); run?.isProducer === true; run = run.outer) run.keepInputs([input]);
}

function watch(value: unknown, input: string): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return value;
  // Many ask such a thing what it is, which a Proxy cannot say; and it is as little of a visitor as a text.
  if (isDate(value) || isRegExp(value) || ArrayBuffer.isView(value)) return value;
  return new Proxy(value, new WatchedLocal(input));
}

/** Tells when something is read, or called, while a fragment is rendered; and else is as if it were not there. */
class WatchedLocal implements ProxyHandler<object> {
  readonly #input: string;

  constructor(input: string) {
    this.#input = input;
  }

  get(target: object, name: string | symbol): unknown {
    // By the object itself, as what is private to a class is not there for what stands in its place.
    const value: unknown = Reflect.get(target, name, target);
    if (name === fragmentsSlot) return value;
    note(this.#input);
    if (typeof value !== 'function' || typeof target === 'function' || isFixed(target, name)) return value;
    return value.bind(target);
  }

  has(target: object, name: string | symbol): boolean {
    note(this.#input);
    return Reflect.has(target, name);
  }

  ownKeys(target: object): (string | symbol)[] {
    note(this.#input);
    return Reflect.ownKeys(target);
  }

  getOwnPropertyDescriptor(target: object, name: string | symbol): PropertyDescriptor | undefined {
    note(this.#input);
    return Reflect.getOwnPropertyDescriptor(target, name);
  }

  apply(target: object, self: unknown, args: unknown[]): unknown {
    note(this.#input);
    return Reflect.apply(target as (...args: unknown[]) => unknown, self, args);
  }
}

/** What cannot be changed has to be handed out as it is. */
function isFixed(target: object, name: string | symbol): boolean {
  const descriptor = Object.getOwnPropertyDescriptor(target, name);
  return descriptor?.configurable === false && descriptor.writable === false;
}
