import type { ThroughSettings } from '../config/through-options.js';
import type { ValueCodec } from '../ports/value-codec.js';
import type { PendingWrite, SaveFailure } from '../values/strategies/write-queue.js';

/** So many calls of `save` or `remove` run at a time. */
const AT_ONCE = 16;

type Outcomes = readonly (SaveFailure | undefined)[];

/** Brings writes to the database by its user's functions. */
export class WriteSaver {
  readonly #settings: ThroughSettings;
  readonly #codec: ValueCodec;

  constructor(settings: ThroughSettings, codec: ValueCodec) {
    this.#settings = settings;
    this.#codec = codec;
  }

  /** Never rejects; the outcomes are in the order of the writes. */
  async save(writes: readonly PendingWrite[]): Promise<Outcomes> {
    const outcomes = new Map<PendingWrite, SaveFailure>();
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

  async #saveTogether(writes: readonly PendingWrite[], outcomes: Map<PendingWrite, SaveFailure>): Promise<void> {
    if (writes.length === 0) return;
    try {
      const entries = writes.map((write) => [write.key, this.valueOf(write), { version: write.version }] as const);
      await this.#settings.saveMany?.(entries);
    } catch (error) {
      for (const write of writes) outcomes.set(write, { error, isOwn: false });
    }
  }

  async #saveEach(writes: readonly PendingWrite[], outcomes: Map<PendingWrite, SaveFailure>): Promise<void> {
    const left = [...writes];
    const work = async (): Promise<void> => {
      for (let write = left.shift(); write !== undefined; write = left.shift()) {
        try {
          await this.#saveOne(write);
        } catch (error) {
          outcomes.set(write, { error, isOwn: true });
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, writes.length) }, work));
  }

  async #saveOne(write: PendingWrite): Promise<void> {
    const { key, version, bytes } = write;
    if (bytes === undefined) await this.#settings.remove?.(key, { version });
    else await this.#settings.save?.(key, this.valueOf(write), { version });
  }
}
