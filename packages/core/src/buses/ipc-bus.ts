import type { Bus, BusListener } from '../ports/bus.js';
import type { Clock, Timer } from '../ports/clock.js';
import { listenTo, type MessageSource } from './ipc-ear.js';
import { type IpcMessage, MARK, readMessage } from './ipc-messages.js';

/** The end of a channel to the primary process: `process` in a worker. */
export interface IpcLink extends MessageSource {
  send?(message: unknown, handle: undefined, options: undefined, done: (error: Error | null) => void): boolean;
}

/** What an {@link IpcBus} stands on. */
export interface IpcBusParts {
  readonly link: IpcLink;
  /** Caches of the same name in other workers are one. */
  readonly namespace: string;
  readonly clock: Clock;
  readonly lagMs: number;
  /** The primary relays: from now on other workers are heard of. */
  onRelay(): void;
  /** It does not. */
  onSilence(): void;
}

/** How long the primary may take to say that it relays. */
const SILENCE_MS = 2_000;
/** … and to pass an invalidation on, before it is told again. */
const DEADLINE_MS = 250;

/**
 * Carries the invalidations of `node:cluster` workers, through their primary process: for caches in memory.
 *
 * A channel between two processes keeps the order of its messages and loses none while both live, so an answer of the
 * primary comes after all that it had to tell before (PROTOCOL 4.5, PROBE).
 */
export class IpcBus implements Bus {
  readonly #parts: IpcBusParts;
  readonly #waiting = new Map<number, () => void>();
  #listener: BusListener | undefined;
  #timer: Timer | undefined;
  #isRelayed = false;
  /** The primary has had its time to say that it relays, and has not. */
  #isSilent = false;

  constructor(parts: IpcBusParts) {
    this.#parts = parts;
  }

  listen(listener: BusListener): () => void {
    const { link, clock } = this.#parts;
    this.#listener = listener;
    const stopHearing = listenTo(link, (message) => this.#hear(message));
    const silence = clock.after(SILENCE_MS, () => {
      this.#isSilent = true;
      if (!this.#isRelayed) this.#parts.onSilence();
    });
    this.#probe();
    return () => {
      this.#listener = undefined;
      silence.cancel();
      this.#timer?.cancel();
      stopHearing();
    };
  }

  /** Tells all other workers; true when the primary has passed it on. Never rejects. */
  async publish(tags: readonly string[], mode: 'soft' | 'hard'): Promise<boolean> {
    // Nobody relays: no other worker hears of it, and whoever waits need not. As long as that is not known, it is said.
    if (this.#isSilent && !this.#isRelayed) return false;
    return await this.#ask((id) => ({ [MARK]: 'invalidated', namespace: this.#parts.namespace, tags, mode, id }));
  }

  #hear(raw: unknown): void {
    const message = readMessage(raw);
    if (message === undefined || message.namespace !== this.#parts.namespace) return;
    if (message[MARK] === 'done') this.#waiting.get(message.id)?.();
    else if (message[MARK] === 'invalidated') this.#listener?.invalidated(message.tags, message.mode);
  }

  #probe(): void {
    const { clock, namespace, lagMs } = this.#parts;
    const sentAt = clock.monotonic();
    const again = (): void => {
      if (this.#listener !== undefined) this.#timer = clock.after(lagMs / 3, () => this.#probe());
    };
    void this.#ask((id) => ({ [MARK]: 'probe', namespace, id })).then((isAnswered) => {
      if (isAnswered) this.#heard(sentAt);
      again();
    });
  }

  #heard(sentAt: number): void {
    if (!this.#isRelayed) {
      this.#isRelayed = true;
      // What was invalidated before the first answer, nobody has told.
      this.#listener?.missed();
      this.#parts.onRelay();
    }
    this.#listener?.heardUpTo(sentAt);
  }

  #ask(message: (id: number) => IpcMessage): Promise<boolean> {
    const { link, clock } = this.#parts;
    const id = nextId();
    return new Promise((resolve) => {
      const settle = (isDone: boolean): void => {
        this.#waiting.delete(id);
        timer.cancel();
        resolve(isDone);
      };
      const timer = clock.after(DEADLINE_MS, () => settle(false));
      this.#waiting.set(id, () => settle(true));
      try {
        // With a function to tell, a channel that has been closed is no `error` event of the process.
        link.send?.(message(id), undefined, undefined, (error) => {
          if (error !== null) settle(false);
        });
      } catch {
        settle(false);
      }
    });
  }
}

/** Of the whole process, and not the same in another copy of this package: two caches may share a channel and a name. */
let lastId = Math.floor(Math.random() * 2 ** 40);

function nextId(): number {
  return ++lastId;
}
