import { randomBytes } from 'node:crypto';
import { digest, keyNamespace, TagKeys } from './store-keys.js';

/**
 * What stands in the store for a tag: 128 random bits, so that no value ever comes back by chance.
 *
 * A stored response remembers the nonce of each of its tags; writing another one invalidates what remembers the old.
 */
export type Nonce = string;

const NONCE = /^[\w-]{22}$/;

/** A value that was never there before. */
export function newNonce(): Nonce {
  return randomBytes(16).toString('base64url');
}

export function nonceBytes(nonce: Nonce): Uint8Array {
  return Buffer.from(nonce, 'latin1');
}

/** The nonce a store holds; what is none is missing. */
export function readNonce(bytes: Uint8Array | undefined): Nonce | undefined {
  if (bytes === undefined || bytes.length !== 22) return undefined;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  return NONCE.test(text) ? text : undefined;
}

/** The keys of one namespace in a store: short, ASCII, and no two things share one. */
export class NonceKeys {
  /** The nonce that every invalidation changes. */
  readonly global: string;
  readonly #namespace: string;
  readonly #tags: TagKeys;

  constructor(namespace: string) {
    this.#namespace = keyNamespace(namespace);
    this.global = `${this.#namespace}:g`;
    this.#tags = new TagKeys(`${this.#namespace}:t:`);
  }

  response(key: string): string {
    return `${this.#namespace}:e:${digest(key)}`;
  }

  /** What processes agree under on who runs a handler. */
  lease(key: string): string {
    return `${this.#namespace}:l:${digest(key)}`;
  }

  tag(tag: string): string {
    return this.#tags.of(tag);
  }
}
