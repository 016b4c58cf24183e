import type { Socket } from 'node:net';
import type { Site } from '../support/site.js';

/** A connection that the test reads from when it wants to. */
export class Connection {
  readonly socket: Socket;
  readonly #host: string;
  #chunks: Buffer[] = [];
  #length = 0;
  #check: () => void = () => {};

  /** One on which nothing has been asked. */
  static async to(site: Site): Promise<Connection> {
    return new Connection(await site.connect(), `127.0.0.1:${site.port}`);
  }

  private constructor(socket: Socket, host: string) {
    this.socket = socket;
    this.#host = host;
    socket.pause();
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      this.#check();
    });
  }

  /** Sends requests, one behind the other; reads nothing. */
  ask(...paths: string[]): void {
    this.socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: ${this.#host}\r\n\r\n`).join(''));
  }

  /** Reads until this has come, and takes it all off. */
  async text(pattern: RegExp): Promise<string> {
    await this.#until(() => pattern.test(this.#all().toString('latin1')));
    return this.#take(this.#length).toString('latin1');
  }

  /** Reads a response with a body of so many bytes. */
  async response(bytes: number): Promise<{ head: string; body: Buffer }> {
    const endOfHead = (): number => this.#all().indexOf('\r\n\r\n') + 4;
    await this.#until(() => endOfHead() > 3);
    const end = endOfHead();
    await this.#until(() => this.#length >= end + bytes);
    return { head: this.#take(end).toString('latin1'), body: this.#take(bytes) };
  }

  close(): void {
    this.socket.destroy();
  }

  async #until(isEnough: () => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#check = () => {
        if (isEnough()) resolve();
      };
      this.socket.resume();
      this.#check();
    });
    this.#check = () => {};
  }

  #all(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  #take(bytes: number): Buffer {
    const all = this.#all();
    this.#chunks = [all.subarray(bytes)];
    this.#length -= bytes;
    return all.subarray(0, bytes);
  }
}
