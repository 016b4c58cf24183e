import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fields } from '../inputs.js';
import { isIdentityField } from './identity-fields.js';

/** Names by which handlers give the visitor to their templates. */
export const PERSONS: readonly string[] = [
  'user',
  'currentUser',
  'current_user',
  'account',
  'me',
  'viewer',
  'visitor',
  'member',
  'customer',
  'auth',
];
/** The same of what he is told by from others. */
export const PERSON_IDS: readonly string[] = [
  'uid',
  'authenticated',
  ...[
    ...['user id', 'user name', 'account id', 'customer id', 'member id', 'visitor id', 'viewer id'],
    ...['logged in', 'is logged in', 'is authenticated'],
  ].flatMap(spellingsOf),
];
/** What sessions have before anybody is known. */
const PLAIN_IN_SESSIONS: ReadonlySet<string> = new Set(['cookie', 'id']);

/** Methods that bring nothing of whoever asks: a form that is shown once more has in it what he has written. */
const PLAIN_METHODS: ReadonlySet<unknown> = new Set(['GET', 'HEAD', undefined]);

/**
 * Whether a request has come with what servers know visitors by, or brings anything of somebody's own.
 *
 * @param ignored - inputs that say nothing of who is asking: `header x-tenant-id`
 */
export function hasCredentials({ method, headers, socket }: IncomingMessage, ignored: ReadonlySet<string>): boolean {
  if (!PLAIN_METHODS.has(method)) return true;
  if (Object.keys(headers).some((name) => isIdentityField(name) && !ignored.has(`header ${name}`))) return true;
  const { authorized, getPeerCertificate } = (socket ?? {}) as {
    authorized?: unknown;
    getPeerCertificate?: () => object | null;
  };
  if (authorized === true) return true;
  // Of a connection that has ended there is none to be asked for any more.
  const certificate = typeof getPeerCertificate === 'function' ? getPeerCertificate.call(socket) : null;
  return certificate !== null && certificate !== undefined && Object.keys(certificate).length > 0;
}

/** Whether an answer makes its visitor known from now on. */
export function setsCookie(res: Partial<ServerResponse>): boolean {
  return res.getHeader?.('set-cookie') !== undefined;
}

/** Whether what a template is given by a name may be, or tell, whoever is asking. */
export function isPerson(name: string, value: unknown): boolean {
  return PERSONS.includes(name) || (PERSON_IDS.includes(name) && typeof value !== 'function');
}

/**
 * Whether an app has found somebody to be asking, as far as that stands where it mostly does: on the request, in a session
 * with anything in it, in `res.locals`, or in what a template is given.
 *
 * @param persons - what templates were given under names of visitors
 */
export function hasPerson(req: Fields, resLocals: Fields | undefined, persons: readonly unknown[]): boolean {
  if (persons.some(isSomething)) return true;
  for (const fields of [req, resLocals]) {
    if (fields === undefined) continue;
    if (PERSONS.some((name) => isSomething(fields[name]))) return true;
    if (PERSON_IDS.some((name) => isSomethingSaid(fields[name]))) return true;
  }
  const session = objectIn(req['session']) as Fields | undefined;
  return session !== undefined && Object.keys(session).some((name) => isContent(name, session[name]));
}

/** A function of such a name is Passport's, and says nothing by being there. */
function isSomethingSaid(value: unknown): boolean {
  return isSomething(value) && typeof value !== 'function';
}

/** `userId`, `user_id` and `userid` of `user id`. */
function spellingsOf(words: string): readonly string[] {
  const camel = words.replaceAll(/ (.)/g, (_all, letter: string) => letter.toUpperCase());
  return [...new Set([camel, words.replaceAll(' ', '_'), words.replaceAll(' ', '')])];
}

function isSomething(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== '';
}

/** What middleware puts into each new session is empty. */
function isContent(name: string, value: unknown): boolean {
  if (PLAIN_IN_SESSIONS.has(name) || typeof value === 'function' || !isSomething(value)) return false;
  return objectIn(value) === undefined || Object.keys(value as object).length > 0;
}

export function objectIn(value: unknown): object | undefined {
  return typeof value === 'object' && value !== null ? value : undefined;
}
