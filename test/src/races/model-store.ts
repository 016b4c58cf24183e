import type { StoreHealth } from '../../../packages/core/dist/ports/store-health.js';
import type { StoredResponse, TagStamp } from '../../../packages/core/dist/ports/stored-response.js';
import type {
  BeginRead,
  CommitVerdict,
  DecodeFrame,
  Fill,
  Put,
  TaggedStore,
  Validity,
} from '../../../packages/core/dist/ports/tagged-store.js';

/** What a store is asked. */
export type Command = 'begin' | 'check' | 'commit' | 'put' | 'invalidate';

/** How a command goes wrong: it never reaches the store; or it does, and its answer is not heard. */
export type Fault = 'lost' | 'unheard';

/**
 * A shared store by the letter of PROTOCOL 4.3, 4.6, 4.8 and 4.11, in which each command is one atomic step, and its reply
 * another: what races need of one, and nothing else.
 */
export class ModelStore implements TaggedStore {
  readonly name = 'model';
  /** How the next command fails, if it does. */
  fault: (command: Command) => Fault | undefined = () => undefined;
  #n = 0;
  readonly #tags = new Map<string, { n: number; h: number }>();
  readonly #frames = new Map<string, Uint8Array>();

  /** @param step - awaited before a command is applied and before its reply is heard */
  constructor(readonly step: (label: string) => Promise<unknown>) {}

  async begin(key: string, decode: DecodeFrame): Promise<BeginRead> {
    return await this.#do<BeginRead>('begin', NOTHING_READ, () => this.#begin(key, decode));
  }

  async beginWrite(tags: readonly string[]): Promise<object | undefined> {
    return await this.#do<object | undefined>('begin', undefined, () => {
      const named = tags.map((tag) => ({ tag, stamp: '' }));
      this.#areRead(named, this.#n);
      return { f: this.#n };
    });
  }

  async beginMany(
    keys: readonly string[],
    decode: (bytes: Uint8Array, key: string) => ReturnType<DecodeFrame>,
  ): Promise<readonly BeginRead[]> {
    const unheard = keys.map(() => NOTHING_READ);
    return await this.#do<readonly BeginRead[]>('begin', unheard, () =>
      keys.map((key) => this.#begin(key, (bytes) => decode(bytes, key))),
    );
  }

  async check(tags: readonly TagStamp[]): Promise<Validity> {
    return await this.#do<Validity>('check', 'unavailable', () => this.#validity(tags));
  }

  async commit(fill: Fill): Promise<CommitVerdict> {
    return await this.#do<CommitVerdict>('commit', { kind: 'unavailable' }, () => this.#commit(fill));
  }

  async commitMany(fills: readonly Fill[]): Promise<readonly CommitVerdict[]> {
    const unheard = fills.map((): CommitVerdict => ({ kind: 'unavailable' }));
    return await this.#do<readonly CommitVerdict[]>('commit', unheard, () => fills.map((fill) => this.#commit(fill)));
  }

  async putMany(puts: readonly Put[]): Promise<readonly CommitVerdict[]> {
    const unheard = puts.map((): CommitVerdict => ({ kind: 'unavailable' }));
    const now = { f: this.#n };
    return await this.#do<readonly CommitVerdict[]>('put', unheard, () =>
      puts.map((put) => this.#put(put, (put.token ?? now) as { f: number })),
    );
  }

  async mark(key: string, frame: Uint8Array): Promise<boolean> {
    return await this.#do('commit', false, () => {
      this.#frames.set(key, frame);
      return true;
    });
  }

  async invalidate(tags: readonly string[], mode: 'soft' | 'hard'): Promise<boolean> {
    return await this.#do('invalidate', false, () => {
      const n = ++this.#n;
      for (const tag of tags) {
        const known = this.#tags.get(tag);
        if (known !== undefined) this.#tags.set(tag, { n, h: mode === 'hard' ? n : known.h });
      }
      return true;
    });
  }

  health(): StoreHealth {
    return { state: 'up', outstanding: 0, failures: 0 };
  }

  async close(): Promise<void> {}

  #begin(key: string, decode: DecodeFrame): BeginRead {
    const token = { f: this.#n };
    const bytes = this.#frames.get(key);
    const found = bytes === undefined ? undefined : decode(bytes);
    if (found === undefined) return { token, found };
    if (!isResponse(found)) return { token, found: { kind: 'selecting', selecting: found.selecting } };
    return { token, found: { kind: 'response', response: found, validity: this.#validity(found.tags) } };
  }

  #commit(fill: Fill): CommitVerdict {
    const { f } = fill.token as { f: number };
    if (this.#areRead(fill.tags, f).includes(false)) return { kind: 'refused' };
    const tags = fill.tags.map(({ tag }) => ({ tag, stamp: String(f) }));
    this.#frames.set(fill.key, fill.encode(tags));
    return { kind: 'stored', tags };
  }

  /** SET and SWAP: what is put is as old as the token, but for its own tag, which it moves on. */
  #put(put: Put, { f }: { f: number }): CommitVerdict {
    const { key, tags: given, ownTag } = put;
    const areRead = this.#areRead(given, f);
    const counts = given.map(({ tag }) => put.token !== undefined || tag !== ownTag);
    if (counts.some((does, i) => does && areRead[i] === false)) return { kind: 'refused' };
    const n = ++this.#n;
    this.#tags.set(ownTag, { n, h: this.#tags.get(ownTag)?.h ?? n });
    const tags = given.map(({ tag }) => ({ tag, stamp: String(tag === ownTag ? n : f) }));
    this.#frames.set(key, put.encode(tags));
    return { kind: 'stored', tags };
  }

  /** Whether each tag is as it was when its data was read; those that nobody knows are known from now on. */
  #areRead(tags: readonly TagStamp[], f: number): readonly boolean[] {
    return tags.map(({ tag }) => {
      const known = this.#tags.get(tag) ?? { n: this.#n, h: this.#n };
      this.#tags.set(tag, known);
      return known.n <= f;
    });
  }

  #validity(tags: readonly TagStamp[]): Validity {
    let validity: Validity = 'valid';
    for (const { tag, stamp } of tags) {
      const known = this.#tags.get(tag);
      if (known === undefined || known.h > Number(stamp)) return 'gone';
      if (known.n > Number(stamp)) validity = 'stale';
    }
    return validity;
  }

  async #do<T>(command: Command, unheard: T, apply: () => T): Promise<T> {
    const fault = this.fault(command);
    if (fault === 'unheard') {
      // Given up on; what was sent is applied whenever it is.
      void this.step(`${command}, late`).then(apply);
      return unheard;
    }
    await this.step(command);
    const reply = fault === 'lost' ? unheard : apply();
    await this.step(`reply to ${command}`);
    return reply;
  }
}

const NOTHING_READ: BeginRead = { token: undefined, found: undefined };

function isResponse(found: StoredResponse | { readonly selecting: readonly string[] }): found is StoredResponse {
  return 'body' in found;
}
