import type { StoredResponse, TagStamp } from '../../../packages/core/dist/ports/stored-response.js';
import type {
  BeginRead,
  CommitVerdict,
  DecodeFrame,
  Fill,
  StoreHealth,
  TaggedStore,
  Validity,
} from '../../../packages/core/dist/ports/tagged-store.js';

/** How a command goes wrong: it never reaches the store; or it does, and its answer is not heard. */
export type Fault = 'lost' | 'unheard';

/**
 * A shared store by the letter of PROTOCOL 4.3, 4.6 and 4.8, in which each command is one atomic step, and its reply
 * another: what races need of one, and nothing else.
 */
export class ModelStore implements TaggedStore {
  readonly name = 'model';
  /** How the next command fails, if it does. */
  fault: (command: 'begin' | 'check' | 'commit' | 'invalidate') => Fault | undefined = () => undefined;
  #n = 0;
  readonly #tags = new Map<string, { n: number; h: number }>();
  readonly #frames = new Map<string, Uint8Array>();

  /** @param step - awaited before a command is applied and before its reply is heard */
  constructor(readonly step: (label: string) => Promise<unknown>) {}

  async begin(key: string, decode: DecodeFrame): Promise<BeginRead> {
    return await this.#do<BeginRead>('begin', { token: undefined, found: undefined }, () => {
      const token = { f: this.#n };
      const bytes = this.#frames.get(key);
      const found = bytes === undefined ? undefined : decode(bytes);
      if (found === undefined) return { token, found };
      if (!isResponse(found)) return { token, found: { kind: 'selecting', selecting: found.selecting } };
      return { token, found: { kind: 'response', response: found, validity: this.#validity(found.tags) } };
    });
  }

  async check(tags: readonly TagStamp[]): Promise<Validity> {
    return await this.#do<Validity>('check', 'unavailable', () => this.#validity(tags));
  }

  async commit(fill: Fill): Promise<CommitVerdict> {
    return await this.#do<CommitVerdict>('commit', { kind: 'unavailable' }, () => {
      const { f } = fill.token as { f: number };
      let isRefused = false;
      for (const { tag } of fill.tags) {
        const known = this.#tags.get(tag) ?? { n: this.#n, h: this.#n };
        this.#tags.set(tag, known);
        if (known.n > f) isRefused = true;
      }
      if (isRefused) return { kind: 'refused' };
      const tags = fill.tags.map(({ tag }) => ({ tag, stamp: String(f) }));
      this.#frames.set(fill.key, fill.encode(tags));
      return { kind: 'stored', tags };
    });
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

  #validity(tags: readonly TagStamp[]): Validity {
    let validity: Validity = 'valid';
    for (const { tag, stamp } of tags) {
      const known = this.#tags.get(tag);
      if (known === undefined || known.h > Number(stamp)) return 'gone';
      if (known.n > Number(stamp)) validity = 'stale';
    }
    return validity;
  }

  async #do<T>(command: 'begin' | 'check' | 'commit' | 'invalidate', unheard: T, apply: () => T): Promise<T> {
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

function isResponse(found: StoredResponse | { readonly selecting: readonly string[] }): found is StoredResponse {
  return 'body' in found;
}
