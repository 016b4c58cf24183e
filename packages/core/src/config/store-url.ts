import { ConfigError } from '../base/errors.js';
import type { ServerAddress } from './store-settings.js';

/** A store's URL in its parts, nothing in it judged yet but its form. */
export interface StoreUrl {
  /** The URL as it may be shown. */
  readonly shown: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly servers: readonly ServerAddress[];
  /** What follows the servers, without the first slash and percent-decoded: `['mymaster', '2']`. */
  readonly path: readonly string[];
}

/**
 * Takes the URL of one or several servers apart: `scheme://user:password@host:port,host:port/path?settings`.
 *
 * Not `new URL`, which knows one host only and hands an error with the password in it to whoever logs it.
 *
 * @param allowed - how such a URL looks, for the error
 * @throws {@link ConfigError} that shows no credential
 */
export function readStoreUrl(setting: string, url: string, defaultPort: number, allowed: string): StoreUrl {
  const shown = maskUrl(url);
  const refuse = (why: string): ConfigError => new ConfigError(setting, shown, `${allowed}: ${why}`);
  const [, scheme = '', rest = ''] = /^([a-z+]+:)\/\/([^?]*)/.exec(url) ?? [];
  if (scheme === '') throw new ConfigError(setting, shown, allowed);
  if (rest.includes('#') && !rest.includes('@')) {
    throw refuse('nothing follows a #; one in a name or password is percent-encoded, %23');
  }
  if (rest.includes('#') || /[/?#].*@/.test(url.slice(scheme.length + 2))) {
    throw refuse('characters such as @ / ? # in a name or password are percent-encoded (encodeURIComponent)');
  }
  const slash = rest.indexOf('/');
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const at = authority.lastIndexOf('@');
  if (authority.indexOf('@') !== at) throw refuse('an @ in a name or password is written %40');
  const userinfo = at < 0 ? '' : authority.slice(0, at);
  const colon = userinfo.indexOf(':');
  try {
    return {
      shown,
      username: decoded(colon < 0 ? userinfo : userinfo.slice(0, colon)),
      password: colon < 0 ? undefined : decoded(userinfo.slice(colon + 1)),
      servers: authority
        .slice(at + 1)
        .split(',')
        .map((server) => readServer(server, defaultPort)),
      path:
        slash < 0
          ? []
          : rest
              .slice(slash + 1)
              .split('/')
              .map(decodeURIComponent),
    };
  } catch (error) {
    throw refuse(error instanceof URIError ? 'a % stands before two hexadecimal digits' : (error as Error).message);
  }
}

function decoded(text: string): string | undefined {
  return text === '' ? undefined : decodeURIComponent(text);
}

/** Names as DNS and hosts files have them (underscores too), IPv4, or IPv6 in brackets; and perhaps a port. */
const SERVER = /^(?:\[([0-9a-f:.]+)\]|([\w-]+(?:\.[\w-]+)*\.?))(?::(\d{1,5}))?$/i;

/** @throws an error that says what is wrong, and shows nothing */
function readServer(text: string, defaultPort: number): ServerAddress {
  if (text === '') throw new Error('a host is missing');
  const [whole, ipv6, name, digits] = SERVER.exec(text) ?? [];
  if (whole === undefined) throw new Error('a server is a host or host:port, an IPv6 address is in brackets');
  const port = digits === undefined ? defaultPort : Number(digits);
  if (port < 1 || port > 65_535) throw new Error('a port is from 1 to 65535');
  return { host: (ipv6 ?? name ?? '').toLowerCase(), port };
}

/** Refuses a server that is named twice: one that is missing was meant. */
export function checkEachOnce(setting: string, { servers, shown }: StoreUrl, allowed: string): void {
  const names = servers.map(formatServer);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new ConfigError(setting, shown, `${allowed}: ${twice}`);
}

/** A server as it stands in a URL. */
export function formatServer({ host, port }: ServerAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * A URL as it may be shown: without credentials, nor half a password that has an `@` or a `/` in it, and without its
 * settings, which may be anything.
 */
export function maskUrl(url: string): string {
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*:(?:\/\/)?)?(.*)$/is.exec(url) ?? [];
  const at = rest.lastIndexOf('@');
  const visible = (at < 0 ? rest : rest.slice(at + 1)).replace(/[?#].*$/s, '?…');
  // What stands where a port belongs, and is none, is a password whose host was forgotten.
  const servers = visible.replace(/(:)(?!\d{1,5}(?:[,/?]|$)|[0-9a-f:.]*\])[^,/]*/gi, '$1***');
  return `${scheme}${at < 0 ? '' : '***@'}${servers}`;
}
