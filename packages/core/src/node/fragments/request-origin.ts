import type { IncomingMessage } from 'node:http';
import { type ExpressApp, hostBeside, hostOf, schemeOf } from '../express-requests.js';
import { textDigest } from './text-digest.js';

const PLAIN_SCHEME = /^[a-z][a-z\d+.-]{0,19}$/;
const PLAIN_HOST = /^(?:[a-z\d._-]{1,253}|\[[\da-f:.]{2,45}\])(?::\d{1,5})?$/;

/** What is no app of Express has no proxy that it trusts. */
const NO_APP: ExpressApp = { get: () => () => false };

/**
 * The scheme and host of a request as part of a key: as they are in the key of a cached view, through the app's trust-proxy
 * setting, and with `Host` itself where another one is forwarded.
 *
 * They are the client's to write, and stand in front of others in the key: what has more in it than a name and a port is told
 * apart by a digest.
 */
export function originOf(req: IncomingMessage): string {
  const { app } = req as IncomingMessage & { readonly app?: Partial<ExpressApp> };
  const trusting = typeof app?.get === 'function' ? (app as ExpressApp) : NO_APP;
  const scheme = schemeOf(req, trusting);
  const beside = hostBeside(req, trusting).slice(1);
  const origin = `${PLAIN_SCHEME.test(scheme) ? scheme : `#${textDigest(scheme)}`}://${hostText(hostOf(req, trusting))}`;
  return beside === '' ? origin : `${origin}@${hostText(beside)}`;
}

function hostText(host: string): string {
  const lower = host.toLowerCase();
  return lower === '' || PLAIN_HOST.test(lower) ? lower : `#${textDigest(lower)}`;
}
