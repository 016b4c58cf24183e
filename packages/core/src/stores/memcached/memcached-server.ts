import type { Clock } from '../../ports/clock.js';
import { type Address, Connection } from './connection.js';
import { expiryOf } from './expiry.js';
import type { FoundValue } from './reply-parser.js';
import type { Reply } from './reply-queue.js';

/** Keys asked for in one line: some proxies take no long ones. */
const KEYS_A_LINE = 100;
const UNCOUNTABLE = /^(?:NOT_FOUND|CLIENT_ERROR)/;
const TOO_LARGE = /too large/i;

/**
 * The commands we need of one server, in the text protocol, which every Memcached speaks.
 *
 * Keys are ours: short, of letters, digits and punctuation, never a URL. Rejects when the server did not answer.
 */
export class MemcachedServer {
  /** For logs and events; carries no credential. */
  readonly name: string;
  readonly #clock: Clock;
  readonly #connection: Connection;
  /** The smallest value the server has called too large since it was connected to: no use in sending such again. */
  #tooLarge = Number.POSITIVE_INFINITY;

  /** @param onReady - called each time it has been connected to */
  constructor(address: Address, clock: Clock, onReady: () => void = () => {}) {
    const { host, port } = address;
    this.name = `memcached ${host.includes(':') ? `[${host}]` : host}:${port}`;
    this.#clock = clock;
    this.#connection = new Connection(address, clock, () => {
      this.#tooLarge = Number.POSITIVE_INFINITY;
      onReady();
    });
  }

  /** Whether it can be asked. */
  get isConnected(): boolean {
    return this.#connection.isReady;
  }

  /** Resolves when the first attempt to connect has come to something; nothing where it has. */
  get starting(): Promise<void> | undefined {
    return this.#connection.starting;
  }

  async getMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    return (await this.#find('get', keys)).map((found) => found?.bytes);
  }

  /** The values and what names them, for {@link swap}. */
  getsMany(keys: readonly string[]): Promise<(FoundValue | undefined)[]> {
    return this.#find('gets', keys);
  }

  async gets(key: string): Promise<FoundValue | undefined> {
    return (await this.getsMany([key]))[0];
  }

  set(key: string, value: Uint8Array, ttlMs: number): Promise<boolean> {
    return this.#store('set', key, value, this.#expiry(ttlMs));
  }

  /** Stores only where there is nothing. */
  add(key: string, value: Uint8Array, ttlMs: number): Promise<boolean> {
    return this.#store('add', key, value, this.#expiry(ttlMs));
  }

  /**
   * Stores only where there is something.
   *
   * @returns `missing` where there was nothing
   */
  async replace(key: string, value: Uint8Array, ttlMs: number): Promise<'stored' | 'missing' | 'failed'> {
    const line = await this.#send('replace', key, value, this.#expiry(ttlMs));
    if (line === 'STORED') return 'stored';
    return line === 'NOT_STORED' ? 'missing' : 'failed';
  }

  /**
   * Stores only where there still is what {@link gets} found.
   *
   * @param ttlMs - 0 takes it away
   */
  swap(key: string, value: Uint8Array, ttlMs: number, unique: string): Promise<boolean> {
    return this.#store('cas', key, value, ttlMs > 0 ? this.#expiry(ttlMs) : -1, ` ${unique}`);
  }

  /** Counts one up, exactly, to 64 bits; `undefined` where there is no number. */
  async increment(key: string): Promise<bigint | undefined> {
    const { line } = await this.#connection.send([`incr ${key} 1\r\n`]);
    if (UNCOUNTABLE.test(line)) return undefined;
    if (!/^\d/.test(line)) throw new Error(line);
    return BigInt(line);
  }

  close(): void {
    this.#connection.close();
  }

  async #find(command: 'get' | 'gets', keys: readonly string[]): Promise<(FoundValue | undefined)[]> {
    const replies: Promise<Reply>[] = [];
    for (let at = 0; at < keys.length; at += KEYS_A_LINE)
      replies.push(this.#get(command, keys.slice(at, at + KEYS_A_LINE)));
    const found = (await Promise.all(replies)).map(({ values }) => values);
    return keys.map((key, i) => found[Math.floor(i / KEYS_A_LINE)]?.get(key));
  }

  async #get(command: 'get' | 'gets', keys: readonly string[]): Promise<Reply> {
    const reply = await this.#connection.send([`${command} ${keys.join(' ')}\r\n`], keys);
    if (reply.line !== 'END') throw new Error(reply.line);
    return reply;
  }

  async #store(command: string, key: string, value: Uint8Array, expiry: number, more = ''): Promise<boolean> {
    return (await this.#send(command, key, value, expiry, more)) === 'STORED';
  }

  async #send(command: string, key: string, value: Uint8Array, expiry: number, more = ''): Promise<string> {
    if (value.length >= this.#tooLarge) return 'SERVER_ERROR too large';
    const head = `${command} ${key} 0 ${expiry} ${value.length}${more}\r\n`;
    const { line } = await this.#connection.send([head, value, '\r\n']);
    if (line.startsWith('SERVER_ERROR') && TOO_LARGE.test(line))
      this.#tooLarge = Math.min(this.#tooLarge, value.length);
    return line;
  }

  #expiry(ttlMs: number): number {
    return expiryOf(ttlMs, this.#clock.now());
  }
}
