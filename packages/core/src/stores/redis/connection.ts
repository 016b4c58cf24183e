import type { Clock } from '../../ports/clock.js';
import { AwayError, isErrorReply, readableCause } from './failures.js';
import { BYTES, type RedisClient, type Words } from './library.js';

/** Longest time from the beginning of an attempt until the server has answered. */
const ATTEMPT_MS = 1_000;
/** The same of the first one: a process that starts loads its code meanwhile, and hears nothing. */
const FIRST_ATTEMPT_MS = 3_000;
/** How often the server is asked whether it is still there; it has as long to answer. */
const PING_MS = 1_000;
const IS_CLUSTER =
  "the server is a node of a Redis Cluster: name it as 'redis+cluster://host:port', or hand in what createCluster() makes";
/** Longest wait before the next attempt. */
const WAIT_MS = 400;

/** One connection while it lasts: it speaks with one run of one server, and is never used for another. */
export class RedisSession {
  #answers = 0;

  /** @param run - tells the server's process from every other, before and after */
  constructor(
    readonly client: RedisClient,
    readonly run: string,
    readonly lose: (cause: Error) => void,
  ) {}

  /** How many answers there were, of whatever kind: one that answers is slow, and not away. */
  get answers(): number {
    return this.#answers;
  }

  /** Bulk strings of the reply are bytes. */
  async send(words: Words): Promise<unknown> {
    try {
      const answer = await this.client.sendCommand(words, BYTES);
      this.#answers++;
      return answer;
    } catch (error) {
      if (!(error instanceof Error) || error.message === 'The queue is full') throw error;
      // What was the primary is none any more, or has not got these slots: another one has to be looked for.
      const isElsewhere = /^(READONLY|MOVED|CLUSTERDOWN)\b/.test(error.message);
      const isReply = isErrorReply(error);
      if (isReply) this.#answers++;
      if (isElsewhere || !isReply) this.lose(error);
      throw isReply ? error : new AwayError(error);
    }
  }
}

/** What a connection is made of. */
export interface ConnectionParts {
  readonly clock: Clock;
  /** Where the servers are spoken to as the nodes of a cluster that they are. */
  readonly isCluster?: boolean;
  /** Makes a client, not connected yet, to where the primary is now. */
  open(): Promise<RedisClient>;
  /** Called for each session before anybody uses it. */
  prepare?(session: RedisSession): Promise<unknown>;
  /** Hears of a failure first; true where the next attempt will be another one, and nobody need hear of this one. */
  isMended?(cause: Error): boolean;
  /** Told once of each outage, and again when the reason changes. */
  onFailure(cause: Error): void;
}

/**
 * Keeps a connection to a primary, and makes another one whenever it is lost: jittered, without end, at most half a
 * second apart (PROTOCOL 4.2).
 *
 * There is a {@link session} only while the server answers: nothing waits for a connection that may never come.
 */
export class RedisConnection {
  readonly #parts: ConnectionParts;
  #session: RedisSession | undefined;
  readonly #waiting: (() => void)[] = [];
  /** Those who do not wait for another attempt where this one fails. */
  readonly #deciding: (() => void)[] = [];
  #lose: (cause: Error) => void = () => {};
  #isClosed = false;
  #reported: string | undefined;
  #attempt = 0;
  #isAway = false;
  #isFirst = true;
  #hasStarted = false;
  /** Of the present attempt. */
  #hadSession = false;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    void this.#keep();
  }

  get session(): RedisSession | undefined {
    return this.#session;
  }

  /** True from an attempt that failed until one that does not: there is no use in waiting for a moment. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /** Waits for a session, but not longer than this. */
  async wait(atMostMs: number): Promise<RedisSession | undefined> {
    if (this.#session === undefined && !this.#isClosed) await this.#pause(atMostMs, this.#waiting);
    return this.#session;
  }

  /**
   * Waits until the attempt to make a connection has come to something, but not longer than this: only for the first one
   * as long as that lasts, if wanted.
   *
   * @returns nothing where there is a session, or the last attempt has failed
   */
  settle(atMostMs: number, isPatient: boolean): Promise<void> | undefined {
    if (this.#session !== undefined || this.#isAway || this.#isClosed) return undefined;
    return this.#pause(isPatient && !this.#hasStarted ? FIRST_ATTEMPT_MS : atMostMs, this.#deciding);
  }

  close(): void {
    this.#isClosed = true;
    this.#lose(new Error('closed'));
    wake(this.#waiting);
    wake(this.#deciding);
  }

  async #keep(): Promise<void> {
    while (!this.#isClosed) {
      await this.#live().catch((error: Error) => this.#report(error));
      if (!this.#isClosed) await this.#delay(Math.min(WAIT_MS, 20 * 2 ** this.#attempt++) * (0.5 + Math.random() / 2));
    }
  }

  /** One connection, from its making to its end; always rejects. */
  async #live(): Promise<void> {
    let client: RedisClient | undefined;
    this.#hadSession = false;
    let lose: (cause: Error) => void = () => {};
    const lost = new Promise<never>((_, reject) => {
      lose = (cause) => {
        // At once, before anything else can happen: who asks now must not believe that the server is known. What is told
        // late of a connection that has gone is no word on the one after it.
        if (this.#lose === lose) this.#session = undefined;
        reject(cause);
      };
    });
    this.#lose = lose;
    const patienceMs = this.#isFirst ? FIRST_ATTEMPT_MS : ATTEMPT_MS;
    this.#isFirst = false;
    const timer = this.#parts.clock.after(patienceMs, () => lose(new Error(`no connection within ${patienceMs} ms`)));
    try {
      client = await Promise.race([this.#parts.open(), lost]);
      // Whoever awaits an answer keeps the process for as long.
      client.unref();
      client.on('error', (error: Error) => lose(error));
      client.on('end', () => lose(new Error('the connection was closed')));
      const session = await Promise.race([begin(client, lose, this.#parts.isCluster === true), lost]);
      await Promise.race([this.#parts.prepare?.(session), lost]);
      timer.cancel();
      this.#session = session;
      this.#hadSession = true;
      this.#hasStarted = true;
      this.#attempt = 0;
      this.#isAway = false;
      this.#reported = undefined;
      wake(this.#waiting);
      wake(this.#deciding);
      this.#ping(session);
      await lost;
    } finally {
      timer.cancel();
      if (client !== undefined) destroy(client);
    }
  }

  /** A server that hangs, or a cable that was pulled, closes nothing: only silence tells. */
  #ping(session: RedisSession): void {
    if (this.#session !== session) return;
    let isAnswered = false;
    let answers = 0;
    session.send(['PING']).then(
      () => {
        isAnswered = true;
      },
      () => {},
    );
    const judge = (): void => {
      if (isAnswered) this.#ping(session);
      else if (session.answers === answers) session.lose(new Error(`no answer within ${PING_MS} ms`));
      else wait();
    };
    const wait = (): void => {
      // What was asked before is answered before: a thousand commands at once may take a busy server longer.
      answers = session.answers;
      // Where it was this process that stood still, the answer may have come, and is read before this.
      this.#parts.clock.after(PING_MS, () => setImmediate(judge));
    };
    wait();
  }

  #report(error: Error): void {
    if (this.#isClosed || this.#parts.isMended?.(error) === true) return;
    if (!this.#hadSession) {
      this.#isAway = true;
      wake(this.#deciding);
    }
    if (this.#reported === error.message) return;
    this.#reported = error.message;
    this.#parts.onFailure(readableCause(error));
  }

  #delay(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#parts.clock.after(ms, resolve);
    });
  }

  #pause(atMostMs: number, waiting: (() => void)[]): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#parts.clock.after(atMostMs, resolve);
      waiting.push(() => {
        timer.cancel();
        resolve();
      });
    });
  }
}

function wake(waiting: (() => void)[]): void {
  for (const resume of waiting.splice(0)) resume();
}

async function begin(client: RedisClient, lose: (cause: Error) => void, isCluster: boolean): Promise<RedisSession> {
  await client.connect();
  const info = String(await client.sendCommand(['INFO']));
  if (/^role:slave/m.test(info)) throw new Error('the server is a replica');
  // Its first answer to a script would be MOVED or CROSSSLOT, which says nothing to whoever has written the URL.
  if (!isCluster && /^cluster_enabled:1/m.test(info)) throw new Error(IS_CLUSTER);
  // A proxy may hide which run of which server answers. Then a restart that loses writes is not noticed.
  const run = /^run_id:(\w{12})/m.exec(info)?.[1] ?? '0'.repeat(12);
  return new RedisSession(client, run, lose);
}

function destroy(client: RedisClient): void {
  try {
    client.destroy();
  } catch {
    // It was closed already.
  }
}
