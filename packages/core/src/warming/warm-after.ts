import { ConfigError } from '../base/errors.js';
import { ALL_TAG, isTag } from '../invalidation/tags.js';
import type { Clock } from '../ports/clock.js';
import { isCalls } from './calls.js';
import { checkSource } from './check-source.js';
import { RewarmQueue } from './rewarm-queue.js';
import { type WarmSourceOrFunction, warmBehind } from './warm-behind.js';
import { readWarmOptions } from './warm-options.js';
import type { WarmOptions, WarmResult, WarmSource } from './warm-types.js';

/** What {@link WarmAfter} stands on. */
export interface WarmAfterParts {
  readonly clock: Clock;
  warm(source: WarmSource, options: WarmOptions): Promise<WarmResult>;
  /** Whether what happens at that moment is done for what is warmed. */
  isWarming(): boolean;
  /** Puts off what is made over and over for nobody: one for each source. */
  putOff(warn: (message: string) => void): PutOff;
  warn(message: string): void;
}

/** Lets a warming begin, or not yet. */
export interface PutOff {
  /**
   * @param tags - what was invalidated since the last
   * @returns as `RewarmParts.rewarm` does
   */
  warm(tags: ReadonlySet<string>, warm: () => Promise<void>): Promise<number | undefined>;
}

/** The warmings of a cache that follow invalidations of tags. */
export class WarmAfter {
  readonly #parts: WarmAfterParts;
  readonly #queues = new Set<RewarmQueue>();

  constructor(parts: WarmAfterParts) {
    this.#parts = parts;
  }

  /**
   * @returns what ends it
   * @throws {@link ConfigError} for what can be no tag, and for a wrong option
   */
  add(given: string | readonly string[], source: WarmSourceOrFunction, options: WarmOptions = {}): () => void {
    const tags = readTags(given);
    const { origin } = readWarmOptions('warmAfter', options);
    if (source === undefined || source === null)
      throw new ConfigError(
        'warmAfter.source',
        source,
        'what is to be warmed: calls(fn, args), URLs, or a function of that',
      );
    if (typeof source !== 'function') checkSource('warmAfter.source', source);
    if (origin === undefined && typeof source !== 'function' && !isCalls(source))
      throw new ConfigError(
        'warmAfter.origin',
        origin,
        "the origin under which visitors ask: 'https://www.example.com'",
      );
    const { clock, warm, warn } = this.#parts;
    // Two of these never leave one another out; and where another process is at it, this one has dropped something since.
    const how: WarmOptions = {
      ...{ name: nameOf(tags), whileElsewhere: 'wait', ...options },
      // Nobody looks on who has asked for it.
      onProgress: options.onProgress ?? (() => {}),
    };
    const warnOf = (said: string): void => warn(`warmAfter('${tags.join("', '")}'): ${said}`);
    const putOff = this.#parts.putOff(warnOf);
    const queue = new RewarmQueue({
      clock,
      always: tags,
      rewarm: (names) => putOff.warm(names, () => warmBehind(source, how, warm, warnOf)),
    });
    this.#queues.add(queue);
    return () => {
      queue.close();
      this.#queues.delete(queue);
    };
  }

  invalidated(names: readonly string[]): void {
    // What is warmed may write what it is made of: it is not made over and over.
    if (this.#queues.size === 0 || this.#parts.isWarming()) return;
    const isAll = names.includes(ALL_TAG);
    for (const queue of this.#queues) queue.invalidated(names, isAll);
  }

  close(): void {
    for (const queue of this.#queues) queue.close();
    this.#queues.clear();
  }
}

function readTags(given: unknown): readonly string[] {
  const tags: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (tags.length === 0 || !tags.every(isTag))
    throw new ConfigError('warmAfter', given, 'a tag or a list of tags: strings of 1 to 256 characters');
  return tags;
}

/** As names of warmings may be. */
function nameOf(tags: readonly string[]): string {
  return `after:${tags.join(',')}`.replace(/[^!-~]/g, '_').slice(0, 64);
}
