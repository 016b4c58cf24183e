import { fileURLToPath } from 'node:url';
import { ConfigError } from '../base/errors.js';
import { withoutSecrets } from '../base/without-secrets.js';

/** `C:\logs` begins with no scheme, and neither does the text of a sitemap. */
const SCHEME = /^(?:[a-z][a-z\d+.-]+:\/\/|(?:https?|file|ftp):)/i;

/** The URL that a source is; `undefined` where it is a path, or a text. */
export function urlOf(source: string | URL): URL | undefined {
  if (source instanceof URL) return source;
  return SCHEME.test(source) ? new URL(source) : undefined;
}

/**
 * @param schemes - as `URL.protocol` has them
 * @param more - what may be given beside a path and a URL
 * @throws {@link ConfigError} for what is neither of these
 */
export function checkPlace(
  setting: string,
  source: unknown,
  schemes: readonly string[],
  more: string,
): asserts source is string | URL {
  const names = schemes.map((scheme) => scheme.slice(0, -1)).join(', ');
  const allowed = `a path, a URL of ${names}, ${more}`;
  if (!(source instanceof URL) && (typeof source !== 'string' || source === ''))
    throw new ConfigError(setting, source, allowed);
  if (!isReadable(source, schemes)) throw new ConfigError(setting, withoutSecrets(String(source)), allowed);
}

function isReadable(source: string | URL, schemes: readonly string[]): boolean {
  try {
    const url = urlOf(source);
    // It takes no other machine's files, nor a slash that is escaped.
    if (url?.protocol === 'file:') fileURLToPath(url);
    return url === undefined || schemes.includes(url.protocol);
  } catch {
    return false;
  }
}
