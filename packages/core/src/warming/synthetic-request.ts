import { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { markRefresh } from '../node/is-refresh.js';
import { assignSwallowing } from '../node/newborn.js';
import { SwallowingSocket } from '../node/swallowing-socket.js';
import type { WarmFields, WarmServer } from './warm-types.js';

/** What is asked for, as a client would. */
export interface Asked {
  /** Path and query. */
  readonly url: string;
  /** By names in lower case, `host` among them. */
  readonly headers: WarmFields;
  /** Its scheme says whether the connection is encrypted. */
  readonly origin: string;
}

/** A request that no client has sent, and its response that nobody reads. */
export interface SyntheticPair {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** As a client that hangs up. */
  hangUp(): void;
}

/**
 * Addresses that no machine has (TEST-NET-1, RFC 5737): what is warmed is of lists that strangers have written, and an app that lets
 * loopback or its own network in is not to take it for one of those.
 */
const PEER = {
  remoteAddress: '192.0.2.1',
  remoteFamily: 'IPv4',
  remotePort: 1,
  localAddress: '192.0.2.2',
  localPort: 1,
};

/**
 * Makes a GET for a server of this process.
 *
 * Nothing of what it is served by can be told from a client's: the app's middleware runs, and sees an anonymous visitor.
 * `isRefresh(req)` says that nobody waits for the answer.
 */
export function syntheticPair(server: WarmServer, { url, headers, origin }: Asked): SyntheticPair {
  const isSecure = origin.startsWith('https:');
  const socket = new SwallowingSocket({ ...PEER, ...(isSecure ? { encrypted: true } : {}) } as unknown as Socket);
  const asSocket = socket as unknown as Socket;
  const { Request, Response } = classesOf(server);
  const req = new Request(asSocket);
  req.method = 'GET';
  req.url = url;
  req.httpVersion = '1.1';
  req.httpVersionMajor = 1;
  req.httpVersionMinor = 1;
  req.headers = { ...headers };
  req.headersDistinct = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
  req.rawHeaders = Object.entries(headers).flat();
  req.complete = true;
  req.push(null);
  markRefresh(req);
  const res = new Response(req);
  res.shouldKeepAlive = false;
  assignSwallowing(res, socket);
  return {
    req,
    res,
    hangUp() {
      req.destroy();
      socket.destroy();
    },
  };
}

interface Classes {
  readonly Request: typeof IncomingMessage;
  readonly Response: typeof ServerResponse;
}

/** Those that the server itself makes its requests and responses of: Node keeps them under symbols of these names. */
function classesOf(server: object): Classes {
  return {
    Request: keptIn(server, 'IncomingMessage', IncomingMessage),
    Response: keptIn(server, 'ServerResponse', ServerResponse),
  };
}

function keptIn<Class extends typeof IncomingMessage | typeof ServerResponse>(
  server: object,
  name: string,
  base: Class,
): Class {
  const slot = Object.getOwnPropertySymbols(server).find((symbol) => symbol.description === name);
  const kept: unknown = slot === undefined ? undefined : Reflect.get(server, slot);
  const isOne = typeof kept === 'function' && (kept === base || kept.prototype instanceof base);
  return isOne ? (kept as Class) : base;
}
