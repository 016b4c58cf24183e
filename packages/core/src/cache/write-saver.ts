import type { ThroughSettings } from '../config/through-options.js';
import type { Clock } from '../ports/clock.js';
import type { ValueCodec } from '../ports/value-codec.js';
import type { PendingWrite, SaveFailure, SaveOutcome } from '../values/strategies/write-queue.js';

/** So many calls of `save` or `remove` run at a time. */
const AT_ONCE = 16;

type Outcomes = readonly SaveOutcome[];

/** Brings writes to the database by its user's functions. */
export class WriteSaver {
  readonly #settings: ThroughSettings;
  readonly #codec: ValueCodec;
  readonly #clock: Clock;
  readonly #timeoutMs: number;

  /** @param timeoutMs - what has not answered for so long is late */
  constructor(settings: ThroughSettings, codec: ValueCodec, clock: Clock, timeoutMs: number) {
    this.#settings = settings;
    this.#codec = codec;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Never rejects; the outcomes are in the order of the writes. */
  async save(writes: readonly PendingWrite[]): Promise<Outcomes> {
    const outcomes = new Map<PendingWrite, SaveOutcome>();
    const { saveMany } = this.#settings;
    const together = saveMany === undefined ? [] : writes.filter(({ bytes }) => bytes !== undefined);
    const alone = writes.filter((write) => !together.includes(write));
    await Promise.all([this.#saveTogether(together, outcomes), this.#saveEach(alone, outcomes)]);
    return writes.map((write) => outcomes.get(write));
  }

  /** The value of a write. @throws where its bytes cannot be read, as of a class that this process does not know */
  valueOf({ key, bytes }: PendingWrite): unknown {
    if (bytes === undefined) return undefined;
    const decoded = this.#codec.decode(bytes);
    if (decoded === undefined)
      throw new Error(`the value of ${JSON.stringify(key)} cannot be read: is its class registered?`);
    return decoded.value;
  }

  async #saveTogether(writes: readonly PendingWrite[], outcomes: Map<PendingWrite, SaveOutcome>): Promise<void> {
    if (writes.length === 0) return;
    const outcome = await this.#inTime('saveMany', false, async () => {
      const entries = writes.map((write) => [write.key, this.valueOf(write), { version: write.version }] as const);
      await this.#settings.saveMany?.(entries);
    });
    for (const write of writes) outcomes.set(write, outcome);
  }

  async #saveEach(writes: readonly PendingWrite[], outcomes: Map<PendingWrite, SaveOutcome>): Promise<void> {
    const left = [...writes];
    const work = async (): Promise<void> => {
      for (let write = left.shift(); write !== undefined; write = left.shift())
        outcomes.set(write, await this.#saveOne(write));
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, writes.length) }, work));
  }

  #saveOne(write: PendingWrite): Promise<SaveOutcome> {
    const { key, version, bytes } = write;
    if (bytes === undefined)
      return this.#inTime('remove', true, async () => void (await this.#settings.remove?.(key, { version })));
    return this.#inTime(
      'save',
      true,
      async () => void (await this.#settings.save?.(key, this.valueOf(write), { version })),
    );
  }

  /** What comes of a call, or that nothing has come of it yet. */
  #inTime(what: string, isOwn: boolean, call: () => Promise<void>): Promise<SaveOutcome> {
    const late: Promise<SaveFailure | undefined> = call().then(
      () => undefined,
      (error) => ({ error, isOwn }),
    );
    return new Promise((resolve) => {
      const timer = this.#clock.after(this.#timeoutMs, () => {
        const error = new Error(
          `${what} has not answered for ${this.#timeoutMs} ms: nothing else of its keys is saved before it has`,
        );
        resolve({ error, late });
      });
      void late.then((failure) => {
        timer.cancel();
        resolve(failure);
      });
    });
  }
}
