import type { IncomingMessage, OutgoingHttpHeader, ServerResponse } from 'node:http';
import type { LocalItem } from '../engine/local-item.js';
import type { Clock, Timer } from '../ports/clock.js';
import { afterAnswer } from './after-answer.js';
import { listenForWord } from './late-word.js';
import { makeNewborn } from './newborn.js';
import { giveBack, putMethods, type ResponsePart, takePart } from './response-parts.js';

/** How long a visitor may take to receive an answer before somebody else makes new what he was answered with. */
export const HAND_OVER_MS = 250;

/** Why a stored response answers in the handler's stead. */
export interface StandIn {
  readonly detail: 'error' | 'timeout' | 'aborted';
  /** What the handler answered. */
  readonly fwdStatus?: number;
}

/** A visitor's turn behind his own answer. */
export interface Turn {
  /** Both objects are new: the handler may run. */
  goOn(): void;
  /** He takes his answer in too slowly, or middleware in front has added to it what is his alone. */
  giveUp(): void;
}

/**
 * Answers a visitor, and then lets his chain go on with a newborn response that has the same fields at its start.
 *
 * @param item - what he is answered with
 * @param answer - writes it at once; false when it cannot
 * @returns false when nothing was written; nothing else is called then
 */
export function continueBehind(
  req: IncomingMessage,
  res: ServerResponse,
  clock: Clock,
  item: LocalItem,
  answer: () => boolean,
  turn: Turn,
): boolean {
  const before = takePart(res);
  const forbidden = listenForWord(res);
  if (!answer()) {
    putMethods(res, before.methods);
    return false;
  }
  const isLate = (): boolean => forbidden() !== undefined || hasLateFields(res, before, item);
  if (isLate()) {
    turn.giveUp();
    return true;
  }
  afterAnswer(res, clock, HAND_OVER_MS, {
    goOn: () => {
      // A session in front may have held the head back until it was saved.
      if (isLate()) {
        turn.giveUp();
        return;
      }
      makeNewborn(req, res);
      giveBack(res, { ...before, methods: new Map(), listeners: [] });
      turn.goOn();
    },
    tooSlow: () => turn.giveUp(),
  });
  return true;
}

/** Of these, what middleware in front adds as a head goes out may keep a response from being stored. */
const DELICATE = ['set-cookie', 'content-security-policy', 'content-security-policy-report-only'];

/**
 * Whether middleware in front has added to an answer, as its head went out, what would have kept the handler's own answer
 * from being stored: a session that begins or is prolonged, a nonce.
 */
export function hasLateFields(res: ServerResponse, before: ResponsePart, item: LocalItem | undefined): boolean {
  const fields = item?.stored.headers ?? [];
  return DELICATE.some((name) => {
    const expected = linesOf(before.fields.find(([its]) => its.toLowerCase() === name)?.[1]);
    for (let i = 0; i < fields.length; i += 2) {
      if (fields[i]?.toLowerCase() === name) expected.push(fields[i + 1] ?? '');
    }
    return linesOf(res.getHeader(name)).some((line) => !expected.includes(line));
  });
}

function linesOf(value: OutgoingHttpHeader | undefined): string[] {
  return value === undefined ? [] : [value].flat().map(String);
}

/** Ends a wait for a handler, after a while; several ends, each once. */
export class Patience {
  /** Most visits have none. */
  #timers: Timer[] | undefined;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  endsAfter(ms: number | undefined, run: () => void): void {
    if (ms === undefined) return;
    this.#timers ??= [];
    this.#timers.push(this.#clock.after(ms, run));
  }

  /** Nothing is waited for any more. */
  forget(): void {
    const timers = this.#timers;
    this.#timers = undefined;
    for (const timer of timers ?? []) timer.cancel();
  }
}
