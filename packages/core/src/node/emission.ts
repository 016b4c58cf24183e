import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EmissionSettings } from '../config/emission.js';
import type { LocalItem } from '../engine/local-item.js';
import {
  controlFields,
  type DownstreamAnswer,
  isLifetimeField,
  withNoStore,
  withStaleControl,
} from '../http/downstream.js';
import { tagFieldValue } from '../invalidation/emitted-tags.js';
import type { StoredResponse } from '../ports/stored-response.js';
import type { Framing } from './frame-head.js';
import type { Recorder } from './recorder.js';
import type { ResponseHead } from './response-head.js';
import type { HitStyle } from './write-hit.js';

/** What a hit is to caches further out: for everybody, for one visitor, past its lifetime, or to be kept by nobody. */
type Kind = 'public' | 'personal' | 'stale' | 'no-store';

/**
 * Tells caches further out what they may keep, for how long and by which tags, where the handler has said nothing.
 *
 * Worked out for a stored response once in each second of its age, with the rest of its head.
 */
export class Emission {
  readonly #settings: EmissionSettings | undefined;
  readonly #names: readonly string[];
  readonly #styles = new WeakMap<HitStyle, Partial<Record<Kind, HitStyle>>>();
  readonly #tagFields = new WeakMap<StoredResponse, readonly string[]>();

  constructor(settings: EmissionSettings | undefined) {
    this.#settings = settings;
    const control = settings?.control;
    this.#names = [
      ...(control === undefined ? [] : ['cache-control', 'expires', ...control.targets.map(([field]) => field)]),
      ...(settings?.tags ?? []).map(([field]) => field),
    ];
  }

  /**
   * How to write a hit: as it is, unless something has to be added for this very answer.
   *
   * @param now - monotonic time
   */
  styled(style: HitStyle, req: IncomingMessage, res: ServerResponse, item: LocalItem, now: number): HitStyle {
    if (item.isOutdated) return this.#variant(style, 'no-store');
    if (now >= item.freshUntil) return this.#variant(style, 'stale');
    if (this.#settings === undefined || this.#isSpokenFor(res, style)) return style;
    return this.#variant(style, isPersonal(req, res) ? 'personal' : 'public');
  }

  /** Adds to the head of a handler's answer that is whole and may be stored; of one that may not, others say nothing. */
  addTo(recorder: Recorder, head: ResponseHead, framing: Framing, req: IncomingMessage, now: number): void {
    const settings = this.#settings;
    if (settings === undefined) return;
    const has = (name: string): boolean => head.field(name) !== undefined;
    const { res } = recorder;
    const answer = {
      lifetimeMs: framing.lifetimeMs,
      generatedAt: now - framing.initialAgeMs,
      isPersonal: isPersonal(req, res) || has('set-cookie'),
      has,
    };
    for (const [name, value] of this.#fields(answer, () => this.#tags(framing.tags))) recorder.setField(name, value);
  }

  #variant(style: HitStyle, kind: Kind): HitStyle {
    let variants = this.#styles.get(style);
    if (variants === undefined) {
      variants = {};
      this.#styles.set(style, variants);
    }
    variants[kind] ??= { ...style, fields: (item) => this.#storedFields(item, kind) };
    return variants[kind];
  }

  #storedFields({ stored, records }: LocalItem, kind: Kind): readonly string[] {
    const { headers } = stored;
    if (kind === 'no-store') return withNoStore(headers);
    if (kind === 'stale') return withStaleControl(headers);
    const names = new Set(headers.map((name, at) => (at % 2 === 0 ? name.toLowerCase() : '')));
    const answer = {
      lifetimeMs: stored.lifetimeMs,
      generatedAt: stored.storedAt,
      isPersonal: kind === 'personal' || names.has('set-cookie'),
      has: (name: string) => names.has(name),
    };
    const fields = this.#fields(answer, () => {
      const known = this.#tagFields.get(stored);
      if (known !== undefined) return known;
      const tags = this.#tags(
        stored.tags.length > 0 ? stored.tags.map(({ tag }) => tag) : records.map(({ tag }) => tag),
      );
      this.#tagFields.set(stored, tags);
      return tags;
    });
    return fields.length === 0 ? headers : [...headers, ...fields.flat()];
  }

  /** Name and value of each field. */
  #fields(answer: DownstreamAnswer, tags: () => readonly string[]): [name: string, value: string][] {
    const control = this.#settings?.control;
    const flat = control === undefined ? [] : controlFields(control, answer);
    const fields: [string, string][] = [];
    // What no shared cache may keep, none has to be told how to purge.
    for (const list of [flat, answer.isPersonal ? [] : tags()]) {
      for (let i = 0; i < list.length; i += 2) {
        if (list === flat || !answer.has((list[i] ?? '').toLowerCase()))
          fields.push([list[i] ?? '', list[i + 1] ?? '']);
      }
    }
    return fields;
  }

  #tags(tags: readonly string[]): readonly string[] {
    const fields: string[] = [];
    for (const [field, limits] of this.#settings?.tags ?? []) {
      const value = tagFieldValue(field, tags, limits);
      if (value !== undefined) fields.push(field, value);
    }
    return fields;
  }

  /** Middleware in front has said itself, of this very answer, what would be added. */
  #isSpokenFor(res: ServerResponse, { front }: HitStyle): boolean {
    if (this.#names.some((name) => res.hasHeader(name))) return true;
    return front.some(
      (name, at) => at % 2 === 0 && this.#names.some((own) => own.toLowerCase() === name.toLowerCase()),
    );
  }
}

/**
 * Forbids everybody further out to keep an answer: something it was made of has been invalidated since, and a cache that
 * has heard of the invalidation already would keep it for good. The handler's own word on it does not count any more.
 */
export function forbidKeeping(recorder: Recorder, head: ResponseHead): void {
  for (const name of head.names) if (isLifetimeField(name)) recorder.removeField(name);
  recorder.setField('Cache-Control', 'no-store');
}

/**
 * Whether an answer may be sent with a cookie of its visitor, or is to somebody's credentials: middleware that keeps
 * sessions writes its cookie when the head has been made already.
 */
function isPersonal(req: IncomingMessage, res: ServerResponse): boolean {
  const { session } = req as IncomingMessage & { session?: unknown };
  return req.headers.authorization !== undefined || session !== undefined || res.hasHeader('set-cookie');
}
