/** Keys remembered; past it the oldest are forgotten, which costs a collapse in vain and nothing else. */
const LIMIT = 10_000;

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
    const until = this.#until.get(text);
    if (until === undefined) return false;
    if (now < until) return true;
    this.#until.delete(text);
    return false;
  }

  add(text: string, now: number): void {
    this.#until.delete(text);
    this.#until.set(text, now + this.#lifetimeMs);
    if (this.#until.size <= LIMIT) return;
    const [oldest] = this.#until.keys();
    if (oldest !== undefined) this.#until.delete(oldest);
  }

  delete(text: string): void {
    if (this.#until.size > 0) this.#until.delete(text);
  }
}
