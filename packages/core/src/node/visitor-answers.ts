import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from '../engine/flight.js';
import type { LocalItem, StaleItem } from '../engine/local-item.js';
import type { Clock } from '../ports/clock.js';
import type { RequestLimits } from './request-limits.js';
import type { StandIn } from './stand-in.js';
import type { ViewAnswers } from './view-answers.js';
import type { Target, ViewKeys } from './view-keys.js';

/** What can be written for a visitor without his handler. */
export interface VisitorAnswers {
  /** Whether a response that somebody else has found, or made, is what this request asks for. */
  accepts(item: LocalItem): boolean;
  /** Writes what the request wants rather than that its handler runs: something stale, or nothing. False where it does not. */
  writeInsteadOf(found: StaleItem | undefined): boolean;
  /** Writes a stored response; false when it cannot be written. */
  write(item: LocalItem, how: Answer): boolean;
  /** The same in the handler's stead. */
  writeStandIn(item: LocalItem, standIn: StandIn): boolean;
  /** Says that nobody has answered in time. */
  writeTimeout(): void;
  /** The text of the key that the request has by now. */
  keyNow(): string | undefined;
}

/** The answers of a view, for one request. */
export class RequestAnswers<
  Req extends IncomingMessage & { originalUrl?: string; baseUrl?: string },
  Res extends ServerResponse,
> implements VisitorAnswers
{
  readonly #answers: ViewAnswers<Req, Res>;
  readonly #keys: ViewKeys<Req, Res>;
  readonly #clock: Clock;
  readonly #req: Req;
  readonly #res: Res;
  readonly #target: Target;
  readonly #limits: RequestLimits | undefined;
  /** As the request came: middleware inside may set another. */
  readonly #method: string;

  constructor(
    answers: ViewAnswers<Req, Res>,
    keys: ViewKeys<Req, Res>,
    clock: Clock,
    req: Req,
    res: Res,
    target: Target,
    limits: RequestLimits | undefined,
  ) {
    this.#answers = answers;
    this.#keys = keys;
    this.#clock = clock;
    this.#req = req;
    this.#res = res;
    this.#target = target;
    this.#limits = limits;
    this.#method = req.method ?? 'GET';
  }

  accepts(item: LocalItem): boolean {
    return this.#limits?.accepts(item, this.#clock.monotonic()) !== false;
  }

  writeInsteadOf(found: StaleItem | undefined): boolean {
    const limits = this.#limits;
    if (limits === undefined) return false;
    const isTaken = found?.validity === 'valid' && limits.acceptsStale(found.item, this.#clock.monotonic());
    if (isTaken && this.write(found.item, 'hit')) return true;
    if (!limits.onlyIfCached) return false;
    this.#answers.writeOnlyIfCached(this.#res);
    return true;
  }

  write(item: LocalItem, how: Answer): boolean {
    return this.#answers.writeItem(this.#req, this.#res, item, how);
  }

  writeStandIn(item: LocalItem, standIn: StandIn): boolean {
    return this.#answers.writeStandIn(this.#req, this.#res, item, standIn);
  }

  writeTimeout(): void {
    this.#answers.writeTimeout(this.#res);
  }

  keyNow(): string | undefined {
    const { originalUrl } = this.#req;
    if (originalUrl !== undefined && originalUrl !== this.#target.url) return undefined;
    return this.#keys.keyOf(this.#req, this.#method, this.#target)?.text;
  }
}
