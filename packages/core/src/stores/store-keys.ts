import { hash } from 'node:crypto';

/** Tags whose keys are remembered rather than computed again. */
const REMEMBERED = 10_000;

/** 132 bits of SHA-256, in 22 letters, digits, hyphens and underscores: stand for a text of any length and content. */
export function digest(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 22);
}

/** A namespace as it stands in keys: itself, unless it is long or has characters that mean something to a store. */
export function keyNamespace(namespace: string): string {
  return /^[\w.-]{1,32}$/.test(namespace) ? namespace : digest(namespace);
}

/** The keys of tags in a store: short, ASCII, and no two tags share one. */
export class TagKeys {
  readonly #prefix: string;
  readonly #keys = new Map<string, string>();

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  of(tag: string): string {
    let key = this.#keys.get(tag);
    if (key === undefined) {
      key = this.#prefix + digest(tag);
      if (this.#keys.size >= REMEMBERED) this.#keys.clear();
      this.#keys.set(tag, key);
    }
    return key;
  }
}
