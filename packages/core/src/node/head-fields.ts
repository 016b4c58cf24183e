import type { CacheStatusLevel } from '../config/view-options.js';
import type { Lead } from '../engine/lead.js';
import { isProperty } from '../engine/selecting-values.js';
import { cacheStatusWriter } from '../http/cache-status.js';
import { formatServerTiming } from '../http/server-timing.js';
import { parseVary } from '../http/vary.js';
import type { Forward, Refusal } from '../ports/event-sink.js';
import type { InputGuard } from './input-guard.js';
import type { Recorder } from './recorder.js';
import type { ResponseHead } from './response-head.js';

const status = cacheStatusWriter('viewcache');

/** What Cache-Status says of an answer by the handler. */
export interface Outcome {
  readonly lead: Lead;
  readonly refusal: Refusal | undefined;
  /** Claimed only of a response that was whole with its head: a stream may yet break. */
  readonly isStored: boolean;
  readonly guard: InputGuard | undefined;
  /** The handler's own status, where the client is sent another (RFC 9211 §2.3). */
  readonly fwdStatus: number | undefined;
}

/** Sets Cache-Status (RFC 9211) while the head is being written, after what other caches have put there. */
export function setStatus(recorder: Recorder, head: ResponseHead, level: CacheStatusLevel, outcome: Outcome): void {
  if (level === 'none') return;
  const { lead, refusal, guard } = outcome;
  const value = status.write({
    fwd: lead.fwd,
    fwdStatus: outcome.fwdStatus,
    stored: outcome.isStored,
    ...(level === 'full'
      ? { key: lead.key.text, detail: refusal === 'input' ? `input ${guard?.refusal}` : refusal }
      : {}),
  });
  const outer = head.field('cache-status');
  recorder.setField('Cache-Status', outer === undefined ? value : `${String(outer)}, ${value}`);
}

/** Sets Server-Timing while the head is being written, after what others have put there. */
export function setTiming(recorder: Recorder, head: ResponseHead, fwd: Forward, producerMs: number): void {
  const value = formatServerTiming([
    { name: 'viewcache', desc: fwd },
    { name: 'handler', dur: producerMs },
  ]);
  recorder.setField('Server-Timing', [head.field('server-timing') ?? [], value].flat().join(', '));
}

/** Names in Vary what the response was selected by, so that caches further out know. */
export function addVary(recorder: Recorder, head: ResponseHead, names: readonly string[]): void {
  if (names.length === 0) return;
  const current = parseVary(head.field('vary'));
  const missing = names.filter((name) => current !== '*' && !isProperty(name) && !current.includes(name));
  if (missing.length === 0) return;
  const field = head.field('vary');
  recorder.setField('Vary', [...(field === undefined ? [] : [String(field)]), ...new Set(missing)].join(', '));
}
