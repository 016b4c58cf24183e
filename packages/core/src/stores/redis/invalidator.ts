import { InvalidationBatches } from '../invalidation-batches.js';
import type { RedisAsker } from './asker.js';
import type { RedisKeys } from './keys.js';
import { lifetimesFor } from './lifetimes.js';
import { INVALIDATE, runScript } from './scripts.js';
import type { RedisServers } from './servers.js';
import { newEpoch } from './values.js';

/** Tags in one script: the server does nothing else meanwhile. */
const TAGS = 500;
/** … and characters of them, as they all go into one message. */
const CHARACTERS = 100_000;
/** Ways to invalidate that are remembered; an app has a few, unless it reckons how long its sources lag. */
const KINDS = 100;

/** What an invalidator stands on. */
export interface InvalidatorParts {
  readonly servers: RedisServers;
  readonly asker: RedisAsker;
  readonly keys: RedisKeys;
  /** How long an invalidation waits for a connection that is being made; none where the last attempt has failed. */
  readonly waitMs: number;
  /** Who invalidates, so that the bus does not tell this process of its own. */
  readonly origin: string;
}

/**
 * Invalidates tags at the server and tells the other processes, in one step (PROTOCOL 4.6).
 *
 * What arrives while one is under way goes together in the next: who writes a thousand rows at once must not take all the
 * places that requests need, nor fill the connection until the deadline has passed for everybody.
 */
export class RedisInvalidator {
  readonly #parts: InvalidatorParts;
  /** By what is said of the tags beside their names. */
  readonly #batches = new Map<string, InvalidationBatches>();

  constructor(parts: InvalidatorParts) {
    this.#parts = parts;
  }

  /** True when the server has acknowledged it; never rejects. */
  async invalidate(tags: readonly string[], mode: 'soft' | 'hard', holdMs: number): Promise<boolean> {
    if (tags.length === 0) return true;
    const kind = `${mode} ${holdMs}`;
    let batches = this.#batches.get(kind);
    if (batches === undefined) {
      batches = new InvalidationBatches((some) => this.#invalidate(some, mode, holdMs));
      // Those that are under way end by themselves.
      if (this.#batches.size >= KINDS) this.#batches.clear();
      this.#batches.set(kind, batches);
    }
    return batches.add(tags);
  }

  /** How a script tells the other processes: command, channel, beginning and end of the message. */
  message(tags: readonly string[], mode: 'soft' | 'hard'): readonly [string, string, string, string] {
    const { servers, keys, origin } = this.#parts;
    return [
      servers.spread === undefined ? 'PUBLISH' : 'SPUBLISH',
      keys.channel,
      `{"o":"${origin}",`,
      `,"h":${mode === 'hard'},"t":${JSON.stringify(tags)}}`,
    ];
  }

  /** Says which tags it could not invalidate. A server that fails is not asked again: whoever invalidates will come back. */
  async #invalidate(tags: readonly string[], mode: 'soft' | 'hard', holdMs: number): Promise<ReadonlySet<string>> {
    const left = new Set(tags);
    try {
      for (const some of inParts(tags)) {
        await this.#send(some, mode, holdMs);
        for (const tag of some) left.delete(tag);
      }
    } catch {
      // What is left says it.
    }
    return left;
  }

  async #send(tags: readonly string[], mode: 'soft' | 'hard', holdMs: number): Promise<void> {
    const { servers, asker, keys, waitMs } = this.#parts;
    const { primary } = servers;
    const session = (primary.isAway ? undefined : await primary.wait(waitMs)) ?? asker.session('script');
    const values = [
      session.run,
      newEpoch(),
      String(lifetimesFor(0).sequence),
      mode === 'hard' ? '1' : '0',
      String(Math.ceil(holdMs)),
      ...this.message(tags, mode),
    ];
    const names = [keys.sequence, ...tags.map((tag) => keys.tag(tag))];
    await asker.ask(
      'script',
      () => runScript(session, INVALIDATE, names, values),
      () => undefined,
    );
  }
}

function* inParts(tags: readonly string[]): Generator<readonly string[]> {
  let part: string[] = [];
  let characters = 0;
  for (const tag of tags) {
    if (part.length === TAGS || (part.length > 0 && characters + tag.length > CHARACTERS)) {
      yield part;
      part = [];
      characters = 0;
    }
    part.push(tag);
    characters += tag.length;
  }
  if (part.length > 0) yield part;
}
