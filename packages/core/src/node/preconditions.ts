import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Validators } from '../http/preconditions.js';
import { answerInstead } from './answer-instead.js';
import type { Validating } from './revalidation.js';

/** Fields of a conditional request that are answered here: on a cold key they would make a handler answer 304. */
const CONDITIONS = ['if-none-match', 'if-modified-since', 'if-match', 'if-unmodified-since', 'if-range'] as const;

/** A request's own preconditions, hidden from its handler, and the cache's in place of them while a stored response is validated. */
export class Preconditions {
  readonly #req: IncomingMessage;
  readonly #own: Record<string, string | undefined> = {};
  #areHidden = false;
  #validating: Validating | undefined;

  constructor(req: IncomingMessage) {
    this.#req = req;
  }

  /** The client is answered by them, or what the handler answers is another one's. */
  get decide(): boolean {
    return this.#areHidden || this.#validating !== undefined;
  }

  /** A handler is asked whether what is stored still holds. */
  get isValidating(): boolean {
    return this.#validating !== undefined;
  }

  /** Asks the handler about a stored response, in place of what the client asks. */
  validate(fields: Validating | undefined): void {
    this.#validating = fields;
  }

  /** While the handler runs. */
  hide(): void {
    const { headers } = this.#req;
    for (const name of CONDITIONS) {
      const value = headers[name];
      if (value === undefined) continue;
      this.#areHidden = true;
      this.#own[name] = String(value);
      delete headers[name];
    }
    if (this.#validating !== undefined) Object.assign(headers, this.#validating);
  }

  /** Once it does not, or something else answers. */
  show(): void {
    const { headers } = this.#req;
    if (this.#validating !== undefined)
      for (const name of Object.keys(this.#validating)) delete headers[name as keyof IncomingHttpHeaders];
    if (this.#areHidden) Object.assign(headers, this.#own);
  }

  /** What the client is answered with by them, in place of a response (RFC 9110 §13.2). */
  instead(status: number, { etag, lastModified }: Validators, now: number): 304 | 412 | undefined {
    if (!this.#areHidden) return undefined;
    return answerInstead(this.#req.method, this.#own, { status, etag, lastModified }, now);
  }
}
