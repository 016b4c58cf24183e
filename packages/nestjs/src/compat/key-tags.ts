import { createHash } from 'node:crypto';

/** What all answers carry that one manager's interceptor has stored. */
const ALL = 'cache-manager';
/** What stands in the place of what can be no tag, or would count as that of a row. */
const PLAIN = /^[^\p{Cc}#]{1,200}$/u;

/** The tag by which `clear()` finds the answers of a manager. */
export const tagOfAll = (namespace: string): string => `${ALL}:${namespace}`;

/** The tag by which `del()` finds the answers that are stored under a key. */
export function tagOf(namespace: string, key: string): string {
  const name = PLAIN.test(key) ? key : createHash('sha256').update(key).digest('base64url');
  return `${ALL}:${namespace}:${name}`;
}
