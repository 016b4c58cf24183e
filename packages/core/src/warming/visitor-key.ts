import type { IncomingMessage } from 'node:http';
import { Server as TlsServer } from 'node:tls';
import { printable } from '../base/printable.js';
import { factsOf } from '../node/known-servers.js';
import type { WarmServer } from './warm-types.js';

/** As keys of views begin. */
const ORIGIN = /^[A-Z]+ ([a-z]+:\/\/[^/\n]*)/;

/**
 * Why visitors of an origin do not find what is stored by a key: scheme and host in it are what the app takes them for, and another
 * request may make it think otherwise. What was asked for in the process is encrypted by its own word; a visitor's is by a proxy's.
 *
 * @param key - by which the app has it
 * @param origin - as `URL.origin` has it
 * @param req - that it was asked for with
 * @returns `undefined` where they do
 */
export function whyMissed(key: string, origin: string, server: WarmServer, req: IncomingMessage): string | undefined {
  const found = ORIGIN.exec(key)?.[1];
  if (found !== undefined && found !== origin)
    return `it is stored for ${printable(found.slice(0, 80))}, which the app takes for the URL by these headers and its trust proxy`;
  const isTls = server instanceof TlsServer;
  if (isTls === origin.startsWith('https:') || !isCertain(server, req)) return undefined;
  return isTls
    ? 'visitors come to this server by https, and the app believes no proxy: begin origin with https'
    : 'visitors come to this server by http, and the app believes no proxy that says https: set trust proxy, or give the https server as server';
}

function isCertain(server: WarmServer, req: IncomingMessage): boolean {
  return factsOf(server).trustsNoProxy?.() ?? appTrustsNobody(req);
}

/** What Express puts on its requests. */
interface OfExpress {
  readonly app?: { get?(setting: string): unknown };
}

function appTrustsNobody(req: IncomingMessage & OfExpress): boolean {
  const { app } = req;
  if (typeof app?.get !== 'function') return false;
  const trusted = app.get('trust proxy');
  const trusts = app.get('trust proxy fn');
  const isNobody = !trusted || (Array.isArray(trusted) && trusted.length === 0);
  // One of an app's own may have been put there by itself.
  return isNobody && typeof trusts === 'function' && trusts('127.0.0.1', 0) === false;
}
