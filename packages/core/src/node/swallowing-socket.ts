import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** What a handler may ask a socket about its peer: a response that is made for nobody is made as for the visitor. */
const PEER = [
  ...['remoteAddress', 'remoteFamily', 'remotePort', 'localAddress', 'localFamily', 'localPort', 'server'],
  ...['encrypted', 'authorized', 'authorizationError', 'alpnProtocol', 'servername'],
];
/** … and what it may ask one that is encrypted. */
const QUESTIONS = ['getPeerCertificate', 'getPeerX509Certificate', 'getProtocol', 'getCipher'];

/**
 * A socket that takes everything and sends nothing. It never pushes back, so that a pipe into it cannot stall, and
 * nothing that is done to it reaches a visitor.
 */
export class SwallowingSocket extends Duplex {
  /** @param peer - the visitor's socket, whose addresses it repeats */
  constructor(peer?: Socket) {
    super({ writableHighWaterMark: Number.MAX_SAFE_INTEGER });
    const source = peer as unknown as Record<string, unknown> | undefined;
    for (const name of PEER) {
      const value = source?.[name];
      // Getters, as on Node's own sockets: the input guard watches those.
      if (value !== undefined) Object.defineProperty(this, name, { configurable: true, get: () => value });
    }
    for (const name of QUESTIONS) {
      const ask = source?.[name];
      if (typeof ask !== 'function') continue;
      const value = (...args: unknown[]): unknown => ask.apply(peer, args);
      Object.defineProperty(this, name, { configurable: true, writable: true, value });
    }
    // As a server does for its sockets: a response that is destroyed with an error ends no process.
    this.on('error', () => {});
  }

  override _read(): void {}

  override _write(_chunk: unknown, _encoding: BufferEncoding, done: () => void): void {
    done();
  }

  override _writev(_chunks: unknown, done: () => void): void {
    done();
  }

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  address(): object {
    return {};
  }

  destroySoon(): void {
    this.destroy();
  }

  resetAndDestroy(): this {
    return this.destroy();
  }
}
