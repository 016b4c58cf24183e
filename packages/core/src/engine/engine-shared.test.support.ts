import { frameCodec } from '../codecs/frame.js';
import { RetryQueue } from '../invalidation/retry-queue.js';
import { TagTable } from '../invalidation/tag-table.js';
import type { Leases } from '../ports/leases.js';
import type { StoredResponse } from '../ports/stored-response.js';
import type { BeginRead, CommitVerdict, Fill, Put, TaggedStore, Validity } from '../ports/tagged-store.js';
import { FakeClock } from '../testing/fake-clock.js';
import { candidate, openEngine } from './engine.test.support.js';

const codec = frameCodec();

/** Answers that many tests give. */
export const TOKEN = {};
export const MISS: BeginRead = { token: TOKEN, found: undefined };
export const UNAVAILABLE: BeginRead = { token: undefined, found: undefined };

/** What a question to a shared store can be answered with. */
type Answer = BeginRead | Validity | CommitVerdict | boolean;

/** A shared store whose every answer the test gives: the oldest question first. */
class ScriptedStore implements TaggedStore {
  readonly name = 'scripted';
  readonly asked: string[] = [];
  leases: Leases | undefined;
  readonly #open: { resolve: (answer: never) => void; reject: (error: Error) => void }[] = [];

  constructor(readonly clock: FakeClock) {}

  async answer(value: Answer | readonly Answer[] | Error): Promise<void> {
    const question = this.#open.shift();
    if (value instanceof Error) question?.reject(value);
    else question?.resolve(value as never);
    await this.clock.advanceAsync(0);
  }

  begin = (): Promise<BeginRead> => this.#ask('begin');
  beginMany = (): Promise<readonly BeginRead[]> => this.#ask('beginMany');
  check = (): Promise<Validity> => this.#ask('check');
  mark = (): Promise<boolean> => this.#ask('mark');
  invalidate = (): Promise<boolean> => this.#ask('invalidate');

  commit(fill: Fill): Promise<CommitVerdict> {
    fill.encode(fill.tags);
    return this.#ask('commit');
  }

  commitMany(fills: readonly Fill[]): Promise<readonly CommitVerdict[]> {
    for (const fill of fills) fill.encode(fill.tags);
    return this.#ask('commitMany');
  }

  putMany(puts: readonly Put[]): Promise<readonly CommitVerdict[]> {
    for (const put of puts) put.encode(put.tags);
    return this.#ask('putMany');
  }

  /** The latest question is answered before the others. */
  swap(): void {
    const latest = this.#open.pop();
    if (latest !== undefined) this.#open.unshift(latest);
  }

  health() {
    return { state: 'up', outstanding: this.#open.length, failures: 0 } as const;
  }

  async close(): Promise<void> {}

  #ask<T>(question: string): Promise<T> {
    this.asked.push(question);
    return new Promise<T>((resolve, reject) => {
      this.#open.push({ resolve, reject });
    });
  }
}

/** An engine over such a store. */
export function world(tags = new TagTable()) {
  const clock = new FakeClock();
  const store = new ScriptedStore(clock);
  const unheard = new RetryQueue(() => store.invalidate(), clock);
  const opened = openEngine({ clock, tags, shared: { store, codec, unheard } });
  const come = (fields: Record<string, string> = {}) => opened.come('/', fields);
  const stored = (body: string, more: Partial<StoredResponse> = {}): BeginRead => ({
    token: TOKEN,
    found: {
      kind: 'response',
      validity: 'valid',
      response: {
        ...candidate(body),
        key: 'GET http://h/',
        tags: [{ tag: 't', stamp: '1' }],
        storedAt: clock.now(),
        ...more,
      },
    },
  });
  return { ...opened, clock, store, unheard, come, stored };
}

/** A commit that was taken. */
export const COMMITTED: CommitVerdict = { kind: 'stored', tags: [{ tag: 't', stamp: '1' }] };

/** What a read has found, where that is a response. */
export function found(read: BeginRead) {
  if (read.found?.kind !== 'response') throw new Error('no response');
  return read.found;
}
