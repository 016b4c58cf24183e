import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fields } from '../inputs.js';

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
const IDS = 'userId user_id uid username accountId customerId isLoggedIn loggedIn'.split(' ');
/** What sessions have before anybody is known. */
const PLAIN_IN_SESSIONS: ReadonlySet<string> = new Set(['cookie', 'id']);

/** Fields by which clients, and proxies that have let them in, say who is asking: `x-forwarded-user`, `x-api-key`. */
const CREDENTIALS =
  /^(?!sec-)(?!.*(?:user-agent|-ip)$)(?:.*-)?(?:cookie|authorization|user|user-?name|user-?id|auth|[a-z]*token|jwt|oidc|principal|identity|session|api-?key)(?:-|$)/;
/** Methods that bring nothing of whoever asks: a form that is shown once more has in it what he has written. */
const PLAIN_METHODS: ReadonlySet<unknown> = new Set(['GET', 'HEAD', undefined]);

/** Whether a request has come with what servers know visitors by, or brings anything of somebody's own. */
export function hasCredentials({ method, headers, socket }: IncomingMessage): boolean {
  if (!PLAIN_METHODS.has(method) || Object.keys(headers).some((name) => CREDENTIALS.test(name))) return true;
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
    if (IDS.some((name) => isSomething(fields[name]) && typeof fields[name] !== 'function')) return true;
  }
  const session = objectIn(req['session']) as Fields | undefined;
  return session !== undefined && Object.keys(session).some((name) => isContent(name, session[name]));
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
