import { createHash } from 'node:crypto';

/** A short text for a long one, such as a template: no two have the same. */
export function textDigest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 16);
}
