import type { ViewContext } from '../engine/view-context.js';
import { type Call, contextFor, tellOuter, tellOuterOfNothing } from './call.js';
import { makeValue } from './make-value.js';
import { NOTHING_MADE } from './producer.js';
import { runProducer } from './run-producer.js';
import { ToldRun } from './told-run.js';

/** Who waits for a run that is his alone. */
export interface Alone extends Call {
  /** He has given up. */
  readonly isSettled: boolean;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** A run that is somebody's alone. */
export interface ApartRun {
  readonly context: ViewContext;
  readonly told: ToldRun;
}

/** Runs the producer for one call alone: nobody else waits for it, and nothing of it is stored. */
export function runApart(call: Alone): ApartRun {
  const { parts, outer, uses } = call;
  const context = contextFor(call);
  const made = (value: unknown): void => {
    if (call.isSettled) return;
    if (value === NOTHING_MADE) tellOuterOfNothing(call, context);
    else if (outer !== undefined) tellOuter(call, makeValue(value, uses.policy, context, 0, parts), context);
    call.resolve(value);
  };
  const failed = (error: unknown): void => {
    if (call.isSettled) return;
    tellOuterOfNothing(call, context);
    call.reject(error);
  };
  const told = new ToldRun(false);
  runProducer(context, call, told, { made, failed });
  return { context, told };
}
