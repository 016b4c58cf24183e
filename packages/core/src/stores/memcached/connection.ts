import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { Clock, Timer } from '../../ports/clock.js';
import { type Reply, ReplyQueue } from './reply-queue.js';

/** Where a server is, and what it wants to see before it answers. */
export interface Address {
  readonly host: string;
  readonly port: number;
  /** For a server that was started with `-Y`. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly tls?: boolean | ConnectionOptions | undefined;
}

/** How long a connection may take to be made, or leave a command unanswered, before another is tried. */
const PATIENCE_MS = 1_000;
const FIRST_DELAY_MS = 20;
const LONGEST_DELAY_MS = 250;
/** Commands and bytes that wait to be sent; what comes on top fails at once. */
const MOST_PENDING = 4_096;
const MOST_UNSENT = 64 * 1024 * 1024;
const NOT_ACCEPTED = new Error('the server did not accept the user name and the password');

/**
 * One connection to one server, made in the background and again whenever it is lost.
 *
 * Commands are pipelined. Without a connection they fail at once: nothing is kept for later, for whoever asked has long
 * gone on. A command that was sent and not answered has failed too, and may have been carried out, or may be yet.
 */
export class Connection {
  readonly #address: Address;
  readonly #clock: Clock;
  readonly #onReady: () => void;
  #socket: Socket | undefined;
  #queue = new ReplyQueue();
  #isReady = false;
  #isClosed = false;
  #delayMs = FIRST_DELAY_MS;
  #timer: Timer | undefined;
  #watch: Timer | undefined;
  #why = new Error('not connected yet');
  /** Ends the wait for the first attempt; nothing once that has come to something. */
  #decide: (() => void) | undefined;
  readonly #decided = new Promise<void>((resolve) => {
    this.#decide = resolve;
  });

  /** @param onReady - called each time a connection has been made */
  constructor(address: Address, clock: Clock, onReady: () => void) {
    this.#address = address;
    this.#clock = clock;
    this.#onReady = onReady;
    this.#connect();
  }

  /** Whether there is a connection. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Resolves when the first attempt to connect has come to something; nothing where it has. */
  get starting(): Promise<void> | undefined {
    return this.#decide === undefined ? undefined : this.#decided;
  }

  /**
   * Sends a command.
   *
   * @param keys - those that may be answered with a value
   */
  send(parts: readonly (string | Uint8Array)[], keys: readonly string[] = []): Promise<Reply> {
    const socket = this.#socket;
    if (!this.#isReady || socket === undefined) return Promise.reject(this.#why);
    if (this.#queue.length >= MOST_PENDING || socket.writableLength > MOST_UNSENT) {
      return Promise.reject(new Error('too much is waiting for this server'));
    }
    return this.#write(socket, parts, keys);
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#lose(new Error('the cache was closed'));
  }

  #write(socket: Socket, parts: readonly (string | Uint8Array)[], keys: readonly string[]): Promise<Reply> {
    const reply = this.#queue.expect(keys);
    // A process with nothing else to do ends while nobody waits for an answer, and not before.
    if (this.#queue.length === 1) socket.ref();
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    for (const part of parts) socket.write(part, 'latin1');
    this.#watch ??= this.#expectAnswer();
    return reply;
  }

  #connect(): void {
    const { host, port, tls } = this.#address;
    const serverName = isIP(host) === 0 ? { servername: host } : {};
    const socket = tls
      ? connectTls({ host, port, ...serverName, ...(tls === true ? {} : tls) })
      : connectTcp({ host, port });
    this.#socket = socket;
    this.#queue = new ReplyQueue();
    socket.setNoDelay(true);
    socket.unref();
    const onThis = (run: () => void): void => {
      if (this.#socket === socket) run();
    };
    socket.on('error', (error) => onThis(() => this.#lose(error)));
    socket.on('close', () => onThis(() => this.#lose(new Error('the server closed the connection'))));
    socket.on('data', (chunk: Buffer) => onThis(() => this.#read(chunk)));
    socket.once(tls ? 'secureConnect' : 'connect', () => onThis(() => this.#greet(socket)));
    this.#timer = this.#clock.after(PATIENCE_MS, () => this.#lose(new Error('the server took too long to connect to')));
  }

  /** A server that asks for a password wants it in the value of the first `set`, whatever its key. */
  #greet(socket: Socket): void {
    const { username, password } = this.#address;
    if (username === undefined || password === undefined) {
      this.#ready();
      return;
    }
    const words = Buffer.from(`${username} ${password}`);
    this.#write(socket, [`set auth 0 0 ${words.length}\r\n`, words, '\r\n'], []).then(
      ({ line }) => (line === 'STORED' ? this.#ready() : this.#lose(NOT_ACCEPTED)),
      () => {},
    );
  }

  #ready(): void {
    if (this.#isReady || this.#isClosed) return;
    this.#timer?.cancel();
    this.#isReady = true;
    this.#hasDecided();
    this.#onReady();
  }

  #read(chunk: Buffer): void {
    try {
      this.#queue.push(chunk);
    } catch (error) {
      // What is said before the password is accepted may repeat it.
      this.#lose(this.#isReady ? (error as Error) : NOT_ACCEPTED);
      return;
    }
    this.#delayMs = FIRST_DELAY_MS;
    if (this.#queue.length > 0) return;
    this.#watch?.cancel();
    this.#watch = undefined;
    this.#socket?.unref();
  }

  /** A peer that has vanished says nothing, not even that it has: who leaves a command unanswered for long has. */
  #expectAnswer(): Timer {
    const { answered } = this.#queue;
    return this.#clock.after(PATIENCE_MS, () => {
      this.#watch = undefined;
      if (this.#queue.answered === answered) this.#lose(new Error('the server answers nothing'));
      else if (this.#queue.length > 0) this.#watch = this.#expectAnswer();
    });
  }

  #hasDecided(): void {
    this.#decide?.();
    this.#decide = undefined;
  }

  #lose(error: Error): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#socket = undefined;
    this.#isReady = false;
    this.#why = new Error(error.message === '' ? String((error as NodeJS.ErrnoException).code) : error.message);
    this.#timer?.cancel();
    this.#watch?.cancel();
    this.#watch = undefined;
    socket.destroy();
    this.#queue.fail(this.#why);
    this.#hasDecided();
    if (this.#isClosed) return;
    this.#timer = this.#clock.after(this.#delayMs, () => this.#connect());
    this.#delayMs = Math.min(this.#delayMs * 2, LONGEST_DELAY_MS);
  }
}
