import type { CookiePolicy } from '../config/view-options.js';
import type { ResponseHead } from './response-head.js';

/** Whether the handler has set a cookie of which no option says by name what becomes of it: one that is somebody's. */
export function hasForeignCookie(head: ResponseHead, policy: CookiePolicy): boolean {
  return head.ownLines('set-cookie').some((line) => !isKnownCookie(line, policy));
}

/** Whether an option says by name what becomes of a cookie that a response sets. */
export function isKnownCookie(line: string, { stripCookies, storeCookies }: CookiePolicy): boolean {
  const name = cookieName(line);
  return stripCookies?.has(name) === true || storeCookies?.has(name) === true;
}

/** The name of the cookie that a Set-Cookie line sets. */
export function cookieName(line: string): string {
  return line.split('=', 1)[0]?.trim() ?? '';
}
