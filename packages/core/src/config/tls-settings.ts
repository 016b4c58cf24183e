import { ConfigError } from '../base/errors.js';
import { checkNames, isRecord } from './check.js';
import { HIDDEN } from './store-secrets.js';
import type { TlsSettings } from './store-settings.js';

const KNOWN = [
  'ca',
  'cert',
  'key',
  'pfx',
  'passphrase',
  'servername',
  'rejectUnauthorized',
  'minVersion',
  'ciphers',
] as const;
const ALLOWED = `true, or an object with some of ${KNOWN.join(', ')}`;

/**
 * How a connection is encrypted; `undefined` for not at all.
 *
 * @param isSecure - whether the URL's scheme says that it is
 */
export function readTls(setting: string, tls: unknown, isSecure: boolean): TlsSettings | undefined {
  if (tls === undefined) return isSecure ? {} : undefined;
  // Half a security measure that somebody believes in is worse than none.
  if (tls === false && isSecure)
    throw new ConfigError(setting, tls, 'a URL without TLS, or no tls: false beside one with it');
  if (typeof tls === 'boolean') return tls ? {} : undefined;
  if (!isRecord(tls)) throw new ConfigError(setting, shown(tls), ALLOWED);
  checkNames(setting, Object.keys(tls), KNOWN);
  for (const [name, value] of Object.entries(tls)) {
    const reason = value === undefined ? undefined : wrongIn(name, value);
    if (reason !== undefined) throw new ConfigError(`${setting}.${name}`, shown(value), reason);
  }
  return Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
}

/** Keys and passphrases are shown to nobody. */
function shown(value: unknown): unknown {
  return typeof value === 'string' && value !== '' ? HIDDEN : value;
}

function wrongIn(name: string, value: unknown): string | undefined {
  if (name === 'rejectUnauthorized') return typeof value === 'boolean' ? undefined : 'true or false';
  if (name === 'minVersion') return value === 'TLSv1.2' || value === 'TLSv1.3' ? undefined : "'TLSv1.2', 'TLSv1.3'";
  if (typeof value === 'string' && value !== '') return undefined;
  const isText = name === 'passphrase' || name === 'servername' || name === 'ciphers';
  if (isText) return 'a string that is not empty';
  const isPem = (pem: unknown): boolean => Buffer.isBuffer(pem) || (typeof pem === 'string' && pem !== '');
  if (name === 'ca' && Array.isArray(value) && value.length > 0 && value.every(isPem)) return undefined;
  return isPem(value) ? undefined : `a string or a Buffer, PEM${name === 'ca' ? ', or a list of them' : ''}`;
}
