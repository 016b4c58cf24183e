import { clock, type RedisStore } from './redis-setup.js';

/** What a bus told, and a way to wait for it. */
export class Told {
  readonly events: string[] = [];
  heardUpTo = Number.NEGATIVE_INFINITY;
  #look: (() => void)[] = [];

  /** @param afterwards - ends it after the test */
  constructor(store: RedisStore, afterwards: (undo: () => unknown) => void) {
    const tell = (event?: string): void => {
      if (event !== undefined) this.events.push(event);
      for (const look of [...this.#look]) look();
    };
    const stop = store.bus?.listen({
      invalidated: (tags, mode) => tell(`${mode} ${tags.join(' ')}`),
      missed: () => tell('missed'),
      heardUpTo: (at) => {
        this.heardUpTo = at;
        tell();
      },
    });
    afterwards(() => stop?.());
  }

  /** Waits until a condition holds, looking after each event. */
  until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!isSo()) return;
        this.#look = this.#look.filter((it) => it !== look);
        resolve();
      };
      this.#look.push(look);
      look();
    });
  }

  /** Waits until all that happened before now has been told. */
  async now(): Promise<void> {
    const now = clock.monotonic();
    // Later than now: the clock counts whole milliseconds.
    await this.until(() => this.heardUpTo > now);
  }
}
