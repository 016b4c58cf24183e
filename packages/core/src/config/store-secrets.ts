import { ConfigError } from '../base/errors.js';

/** Stands for a value that belongs in no message. */
export const HIDDEN = '***';

/**
 * A name or password that a store is told, and no message is.
 *
 * @throws {@link ConfigError} that names the setting and hides the value
 */
export function checkCredential(setting: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '')
    throw new ConfigError(setting, value === null || value === '' ? value : HIDDEN, 'a string that is not empty');
  return value;
}

/** Short enough to type, long enough not to be guessed: 16 random characters have 64 bits or more. */
const LEAST_SECRET = 16;

/** What frames are signed with, the first, and verified with, all. */
export function readSecrets(secret: unknown): readonly string[] {
  if (secret === undefined) return [];
  const secrets: readonly unknown[] = Array.isArray(secret) ? Array.from(secret) : [secret];
  const isSecret = (one: unknown): one is string => typeof one === 'string' && one.length >= LEAST_SECRET;
  if (secrets.length > 0 && secrets.every(isSecret)) return secrets;
  const shown = secret === '' || typeof secret === 'object' || typeof secret === 'boolean' ? secret : HIDDEN;
  throw new ConfigError(
    'secret',
    shown,
    `a string of ${LEAST_SECRET} characters or more, or a list of such, the newest first`,
  );
}
