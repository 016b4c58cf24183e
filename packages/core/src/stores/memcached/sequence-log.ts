import { randomBytes } from 'node:crypto';
import type { NonceKeys } from '../nonce.js';
import type { Servers } from './memcached-servers.js';

/** The sequence never ends by itself. What a server forgets starts anew elsewhere in its range. */
const FOREVER_MS = Number.POSITIVE_INFINITY;
/** PROTOCOL 4.14: for how long it can be told which tags an invalidation named. */
const LOG_MS = 60_000;
/** Entries looked through at most; after more than these a fill is stored at the next attempt. */
const LONGEST_LOOK = 256n;
const DIGEST_LENGTH = 22;

/**
 * The sequence that every invalidation moves on, and beside it, for a minute, which tags each of them named.
 *
 * Who read the sequence before its handler ran, and finds it moved, can tell by the entries in between whether that was
 * about its tags. An entry that is missing may have named them.
 *
 * A sequence starts at a random number of 62 bits, never at one that may have been there before: a fill from before the
 * loss would find it unchanged (PROTOCOL T30). The entries lie on the server that has the sequence, so that losing
 * another one costs no invalidation.
 */
export class SequenceLog {
  readonly #servers: Servers;
  readonly #keys: NonceKeys;

  constructor(servers: Servers, keys: NonceKeys) {
    this.#servers = servers;
    this.#keys = keys;
  }

  /** The number in a value; what is none is missing. */
  static numberOf(bytes: Uint8Array | undefined | null): bigint | undefined {
    const text = bytes && bytes.length <= 32 ? Buffer.from(bytes).toString('latin1') : '';
    // A server fills up with spaces what has become shorter.
    const [, digits] = /^([1-9]\d{0,19}) *$/.exec(text) ?? [];
    return digits === undefined ? undefined : BigInt(digits);
  }

  /** Starts the sequence where there is none; the number that is there then. */
  async start(): Promise<bigint | undefined> {
    const key = this.#keys.global;
    return this.#servers.ask(key, 'set', async (server) => {
      const [, [found]] = await Promise.all([server.add(key, firstNumber(), FOREVER_MS), server.getMany([key])]);
      return SequenceLog.numberOf(found);
    });
  }

  /**
   * Moves the sequence on, and writes down what for.
   *
   * @returns true when both are done
   */
  async append(tags: readonly string[]): Promise<boolean> {
    const number = await this.#next();
    if (number === undefined) return false;
    const key = this.#entry(number);
    const digests = Buffer.from(tags.map((tag) => this.#digest(tag)).join(''), 'latin1');
    return this.#servers.ask(key, 'set', (server) => server.set(key, digests, LOG_MS));
  }

  /** Whether none of these tags was named since. Rejects when it cannot be told. */
  async isQuietSince(then: bigint, tags: readonly string[]): Promise<boolean> {
    const { global } = this.#keys;
    const [value] = await this.#servers.ask(global, 'getMany', (server) => server.getMany([global]));
    const now = SequenceLog.numberOf(value);
    if (now === undefined || now < then || now - then > LONGEST_LOOK) return false;
    if (now === then) return true;
    const entries = Array.from({ length: Number(now - then) }, (_, i) => this.#entry(then + 1n + BigInt(i)));
    const named = await this.#servers.ask(global, 'getMany', (server) => server.getMany(entries));
    const digests = new Set(tags.map((tag) => this.#digest(tag)));
    return named.every((entry) => entry !== undefined && isDisjoint(entry, digests));
  }

  #next(): Promise<bigint | undefined> {
    const key = this.#keys.global;
    return this.#servers.ask(key, 'increment', async (server) => {
      const number = await server.increment(key);
      if (number !== undefined && number !== 0n) return number;
      // Missing, a value that is no number, or the end of 64 bits. Whatever a sequence is set to at random, no token knows that number.
      const [, next] = await Promise.all([server.set(key, firstNumber(), FOREVER_MS), server.increment(key)]);
      return next;
    });
  }

  #entry(number: bigint): string {
    return `${this.#keys.global}/${number}`;
  }

  /** The last part of a tag's key says all that tells it from others. */
  #digest(tag: string): string {
    return this.#keys.tag(tag).slice(-DIGEST_LENGTH);
  }
}

function isDisjoint(entry: Uint8Array, digests: ReadonlySet<string>): boolean {
  if (entry.length === 0 || entry.length % DIGEST_LENGTH !== 0) return false;
  const text = Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength).toString('latin1');
  for (let at = 0; at < text.length; at += DIGEST_LENGTH) {
    if (digests.has(text.slice(at, at + DIGEST_LENGTH))) return false;
  }
  return true;
}

/** 62 random bits, and never 0. */
function firstNumber(): Uint8Array {
  const number = (randomBytes(8).readBigUInt64BE() >> 2n) | 1n;
  return Buffer.from(String(number), 'latin1');
}
