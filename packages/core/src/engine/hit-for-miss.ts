import { createHash } from 'node:crypto';

/** Keys remembered; past it the oldest are forgotten, which costs a collapse in vain and nothing else. */
const LIMIT = 10_000;
/** A longer key is remembered by its hash: the client chooses how long it is. */
const LONGEST = 256;

/**
 * Remembers for a moment which keys turned out not to be storable, so that their visitors do not queue up behind one
 * another for answers that cannot be shared (Varnish's hit-for-miss).
 */
export class HitForMiss {
  readonly #until = new Map<string, number>();
  readonly #lifetimeMs: number;

  constructor(lifetimeMs: number) {
    this.#lifetimeMs = lifetimeMs;
  }

  has(text: string, now: number): boolean {
    if (this.#until.size === 0) return false;
    const until = this.#until.get(short(text));
    return until !== undefined && now < until;
  }

  add(text: string, now: number): void {
    const key = short(text);
    this.#until.delete(key);
    this.#until.set(key, now + this.#lifetimeMs);
    // All live equally long, so the first ones are those whose time is up.
    for (const [oldest, until] of this.#until) {
      if (now < until && this.#until.size <= LIMIT) break;
      this.#until.delete(oldest);
    }
  }

  clear(): void {
    this.#until.clear();
  }

  delete(text: string): void {
    if (this.#until.size > 0) this.#until.delete(short(text));
  }
}

function short(text: string): string {
  return text.length <= LONGEST ? text : createHash('sha256').update(text).digest('base64url');
}
