import type { ClientOptions } from './library.js';
import type { ProtocolVersion } from './version.js';

/** Longest time the TCP and TLS handshakes may take. */
const CONNECT_MS = 900;

/**
 * Options of a connection of our own, whatever those say that it is made after.
 *
 * It connects once: reconnecting is for `RedisConnection`, so that a client is one connection to one run of one server, and
 * a reply cannot be another's. It queues nothing while it is not connected. It may be used with a server of any age, and
 * only to a primary.
 */
export function ownOptions(options: ClientOptions, version: ProtocolVersion['value']): ClientOptions {
  return {
    ...options,
    RESP: version,
    disableOfflineQueue: true,
    commandsQueueMaxLength: 2_048,
    // Pings are our own: node-redis would wait for the answer to one before it sends the next.
    pingInterval: 0,
    readonly: false,
    clientSideCache: undefined,
    emitInvalidate: false,
    maintNotifications: 'disabled',
    commandOptions: undefined,
    socket: { ...options.socket, reconnectStrategy: false, connectTimeout: CONNECT_MS, socketTimeout: 0 },
  };
}
