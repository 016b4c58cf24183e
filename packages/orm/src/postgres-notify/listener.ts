import type { Clock, Timer } from '@viewcache/core';
import { PostgresNotifyError } from './notify-error.js';
import type { NotifyClient } from './notify-types.js';

export type Ask = (sql: string) => Promise<readonly unknown[]>;

/** What a {@link Listener} stands on. */
export interface ListenerParts {
  readonly channel: string;
  /** A client that has not connected yet. */
  make(): NotifyClient;
  clock(): Clock;
  /** How long nothing is heard before the connection is tried; and how long each answer may take. */
  readonly checkEveryMs: number;
  /** Called with the payloads that have come together. What it rejects with ends the connection. */
  heard(payloads: readonly string[], ask: Ask): Promise<void>;
  /** From now on everything committed is told; what was before is not. What it throws ends the connection. */
  listening(ask: Ask): Promise<void>;
  /** Some time has passed: looks whether all is as it was. What it throws ends the connection. */
  check(ask: Ask): Promise<void>;
  /** @param wasListening - something may be missed from now on */
  broke(error: Error, wasListening: boolean): void;
}

type Work<T> = (done: (value: T) => void, fail: (error: Error) => void) => void;

/** Begins what a listener sends itself. */
const ECHO = 'echo ';
const LOST =
  'what is sent by NOTIFY does not come back; connect to the database itself, and not through a pooler of transactions such as PgBouncer';
const FIRST_REST_MS = 100;
const LONGEST_REST_MS = 30_000;

/** One connection that listens, and the next one when that has gone. */
export class Listener {
  readonly #parts: ListenerParts;
  #session: Session | undefined;
  #resting: { readonly timer: Timer; readonly wake: () => void } | undefined;
  #isStopped = false;

  constructor(parts: ListenerParts) {
    this.#parts = parts;
  }

  get isListening(): boolean {
    return this.#session?.isListening === true;
  }

  /** Resolves when it listens; rejects where the first connection comes to nothing, which is tried again all the same. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => void this.#run(resolve, reject));
  }

  stop(): void {
    this.#isStopped = true;
    this.#session?.end(new Error('stopped'));
    this.#resting?.timer.cancel();
    this.#resting?.wake();
  }

  async #run(listens: () => void, fails: (error: Error) => void): Promise<void> {
    let failures = 0;
    while (!this.#isStopped) {
      const session = new Session(this.#parts);
      this.#session = session;
      try {
        await session.run(() => {
          failures = 0;
          listens();
        });
      } catch (error) {
        const reason = error instanceof Error ? error : new Error(String(error));
        // Whoever waits for it is told nothing of an end that was asked for.
        if (this.#isStopped) listens();
        else this.#parts.broke(reason, session.wasListening);
        fails(reason);
      }
      if (!this.#isStopped) await this.#rest(failures++);
    }
  }

  /** Longer each time, and not all processes at once. */
  #rest(failures: number): Promise<void> {
    const longest = Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** Math.min(failures, 20));
    const restMs = longest * (0.5 + Math.random() / 2);
    return new Promise((wake) => {
      this.#resting = { timer: this.#parts.clock().after(restMs, wake), wake };
    });
  }
}

/** One connection, from its beginning to its end. */
class Session {
  readonly #parts: ListenerParts;
  readonly #client: NotifyClient;
  readonly #payloads: string[] = [];
  /** What is waited for: each is told when the connection has ended. */
  readonly #waiting = new Set<(error: Error) => void>();
  #error: Error | undefined;
  wasListening = false;

  constructor(parts: ListenerParts) {
    this.#parts = parts;
    this.#client = parts.make();
  }

  get isListening(): boolean {
    return this.wasListening && this.#error === undefined;
  }

  /** Goes on until the connection breaks, and rejects then. */
  async run(listens: () => void): Promise<never> {
    const { channel, checkEveryMs, check, listening } = this.#parts;
    const client = this.#client;
    client.on('error', (error) => this.end(error));
    client.on('end', () => this.end(new Error('the connection has ended')));
    client.on('notification', (message) => {
      if (message.channel === channel) this.#hear(message.payload ?? '');
    });
    try {
      await this.#during((done, fail) => client.connect().then(done, fail));
      await this.#ask(`LISTEN ${channel}`);
      await this.#echo();
      await listening(this.#ask);
      this.wasListening = true;
      listens();
      // A process that has nothing else to do has nothing to listen for.
      client.unref?.();
      for (;;) {
        await this.#during((done) => this.#parts.clock().after(checkEveryMs, () => done(undefined)));
        await check(this.#ask);
      }
    } catch (error) {
      // What a query rejects with says less than what the connection broke of.
      throw this.#error ?? error;
    } finally {
      this.end(new Error('the connection has ended'));
    }
  }

  end(error: Error): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#client.end().catch(() => {});
    for (const fail of this.#waiting) fail(error);
  }

  readonly #ask: Ask = async (sql) => {
    const { rows } = await this.#answered<{ readonly rows: readonly object[] }>(
      (done, fail) => this.#client.query(sql).then(done, fail),
      `no answer within ${this.#parts.checkEveryMs} ms`,
    );
    return rows.map((row) => Object.values(row)[0] as unknown);
  };

  /** A pooler may have given `LISTEN` to a connection that nobody reads: what is sent has to come back. */
  async #echo(): Promise<void> {
    const word = `${ECHO}${Math.random()}`;
    const came = new Promise<void>((resolve) => {
      this.#client.on('notification', ({ payload }) => payload === word && resolve());
    });
    await this.#ask(`SELECT pg_catalog.pg_notify('${this.#parts.channel}', '${word}')`);
    await this.#answered<void>((done) => came.then(done), LOST);
  }

  /** Heard apart from one another they would each be an invalidation of its own. */
  #hear(payload: string): void {
    if (payload.startsWith(ECHO)) return;
    this.#payloads.push(payload);
    if (this.#payloads.length > 1) return;
    queueMicrotask(() => {
      this.#parts.heard(this.#payloads.splice(0), this.#ask).catch((error: Error) => this.end(error));
    });
  }

  #answered<T>(work: Work<T>, late: string): Promise<T> {
    const { checkEveryMs, clock } = this.#parts;
    const timer = clock().after(checkEveryMs, () => this.end(new PostgresNotifyError(late)));
    return this.#during(work).finally(() => timer.cancel());
  }

  #during<T>(work: Work<T>): Promise<T> {
    let fail: ((error: Error) => void) | undefined;
    return new Promise<T>((resolve, reject) => {
      if (this.#error !== undefined) return reject(this.#error);
      fail = reject;
      this.#waiting.add(fail);
      work(resolve, reject);
    }).finally(() => fail && this.#waiting.delete(fail));
  }
}
