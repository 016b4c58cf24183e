import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Reservation } from '../engine/engine.js';
import type { Candidate, Lead } from '../engine/lead.js';
import type { LocalItem } from '../engine/local-item.js';
import { isProperty } from '../engine/selecting-values.js';
import type { Refusal } from '../ports/event-sink.js';
import { markRefresh } from './is-refresh.js';
import { continueBehind } from './stand-in.js';
import type { StaleVisitor, StandIns } from './stand-ins.js';

/** A visitor who is answered first, and whose handler runs behind the answer. */
interface RefreshingVisitor<Req extends IncomingMessage, Res extends ServerResponse> extends StaleVisitor<Req, Res> {
  /** Remembers the visitor's asynchronous context. */
  wait(): void;
  /** Nobody asks the handler of one who has gone by now. */
  left(): void;
}

/** Makes a stored response new: behind a visitor's answer, or in front of one while the others are answered from it. */
export class Refresh<Req extends IncomingMessage, Res extends ServerResponse> {
  readonly #visitor: RefreshingVisitor<Req, Res>;
  readonly #standIns: StandIns<Req, Res>;
  /** What the visitor was answered with, once his handler may run behind the answer. */
  item: LocalItem | undefined;
  /** The visitor has his answer, and his handler may run behind it yet. */
  isPending = false;
  #end: (() => void) | undefined;
  /** What is held here ends soon, and is to be made new. */
  renews = false;
  /** It has asked for a new one in spite of what the shared store has. */
  #hasInsisted = false;

  constructor(visitor: RefreshingVisitor<Req, Res>, standIns: StandIns<Req, Res>) {
    this.#visitor = visitor;
    this.#standIns = standIns;
  }

  /** Refreshes run behind answers here, rather than in front of a visitor. */
  get isBehind(): boolean {
    const { stale, res } = this.#visitor;
    return stale.continues(res);
  }

  /** Behind an answer: another process has made it new already, unless that ends soon, too. */
  find(item: LocalItem): void {
    const visitor = this.#visitor;
    if (!this.#hasInsisted && visitor.stale.isDue(item, visitor.now)) this.#insist();
    else {
      this.#standIns.patience.forget();
      this.#end?.();
      visitor.over();
    }
  }

  /**
   * Makes new what the shared store has and ends soon, where that is done in front of a visitor; false where it is not. What
   * is held here may be older than what another process has put there since: that is asked first.
   */
  leadInFront(): boolean {
    const visitor = this.#visitor;
    const { key, now, stale } = visitor;
    if (this.isBehind || this.#hasInsisted || stale.backOff.isResting(key.text, now)) return false;
    if (this.renews) this.#insist();
    else {
      this.renews = true;
      visitor.runtime.engine.fetch(visitor);
    }
    return true;
  }

  #insist(): void {
    this.#hasInsisted = true;
    this.#visitor.runtime.engine.fetchNew(this.#visitor, 'stale');
  }

  /** Answers from what is stored, fresh or stale, and makes it new. */
  revalidate(item: LocalItem): boolean {
    const visitor = this.#visitor;
    const { runtime, stale, res, answers } = visitor;
    const isResting = stale.backOff.isResting(visitor.key.text, visitor.now);
    const answerOnly = (): boolean => {
      const isWritten = answers.write(item, 'hit');
      if (isWritten) visitor.over();
      return isWritten;
    };
    if (isResting || (this.isBehind && !stale.mayContinue(res))) return answerOnly();
    const reservation = runtime.engine.reserve(visitor);
    if (reservation === undefined) return answerOnly();
    if (this.isBehind) {
      const isWritten = this.#answer(item, reservation);
      if (!isWritten) reservation.giveUp();
      return isWritten;
    }
    this.renews = true;
    this.#standIns.growImpatient();
    reservation.begin();
    visitor.wait();
    return true;
  }

  /** The shared store has something stale: it answers everybody, and is made new behind this visitor's answer. */
  leadBehind(lead: Lead, item: LocalItem): boolean {
    const visitor = this.#visitor;
    const { stale, runtime, res } = visitor;
    const isDue = !lead.isElsewhere && !stale.backOff.isResting(visitor.key.text, visitor.now);
    const mayRefresh = isDue && stale.mayContinue(res);
    let isWritten = false;
    visitor.inScope(() => {
      isWritten = mayRefresh
        ? this.#answer(item, { begin: () => visitor.lead(lead), giveUp: () => lead.handOver() })
        : visitor.answers.write(item, 'hit');
    });
    if (!isWritten) return false;
    visitor.isAnswered = true;
    this.#standIns.patience.forget();
    // It was counted as a miss, and is none.
    runtime.telemetry.withdrawn(lead.fwd);
    lead.share(item);
    if (mayRefresh) return true;
    lead.handOver();
    visitor.over();
    return true;
  }

  #answer(item: LocalItem, flight: Reservation): boolean {
    const visitor = this.#visitor;
    const { answers, req, res, runtime, stale } = visitor;
    visitor.wait();
    this.isPending = true;
    const countOut = stale.begin();
    const giveUp = (): void => {
      countOut();
      this.isPending = false;
      flight.giveUp();
      visitor.over();
    };
    const answer = (): boolean => answers.write(item, 'hit');
    const goOn = (): void => {
      this.isPending = false;
      this.item = item;
      this.#end = () => {
        this.#standIns.patience.forget();
        countOut();
      };
      markRefresh(req);
      res.once('close', () => {
        this.#end?.();
        visitor.left();
      });
      this.#standIns.patience.endsAfter(stale.policy.refreshTimeoutMs, () => res.destroy());
      flight.begin();
    };
    const isWritten = continueBehind(req, res, runtime.clock, item, answer, { goOn, giveUp });
    if (isWritten) return true;
    countOut();
    this.isPending = false;
    return false;
  }

  /** Whether a refresh is of something else by now than what was answered with: then nothing of it is stored. */
  differs(made: Candidate): Refusal | undefined {
    const stored = this.item?.stored;
    if (stored === undefined) return undefined;
    const { answers, fields, key, req } = this.#visitor;
    if (answers.keyNow() !== key.text) return 'key-changed';
    const { headers } = req;
    const isSame = (name: string): boolean => {
      if (!stored.selecting.includes(name)) return false;
      const value = headers[name];
      // A property is what it was at arrival: middleware inside may set it.
      return isProperty(name) || fields.get(name) === (Array.isArray(value) ? value.join(', ') : value);
    };
    return [...stored.selecting, ...made.selecting].every(isSame) ? undefined : 'key-changed';
  }

  /** What became of the handler's run says whether to run it again soon, and whether what is stored still stands for it. */
  learnFrom(status: number, refusal: Refusal | undefined): void {
    const { key, stale } = this.#visitor;
    if (this.#standIns.isFailure(status)) {
      this.#standIns.failed();
      return;
    }
    stale.backOff.succeeded(key.text);
    const isOther = refusal !== undefined && refusal !== 'invalidated' && refusal !== 'null-store';
    if (isOther && this.item !== undefined) stale.supersede(this.item);
  }
}
