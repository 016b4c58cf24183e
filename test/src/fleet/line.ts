import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What a server has answered. */
export interface Answered {
  readonly status: number;
  readonly cacheStatus: string;
  readonly body: string;
}

const FAILED: Answered = { status: 0, cacheStatus: '', body: '' };

/**
 * One connection to a server, for one request after another that are answered with a Content-Length. Node's own client costs
 * more than a hit does, and what is to be measured here is how many hits there are.
 */
export class Line {
  readonly #port: number;
  #socket: Socket | undefined;
  #received = '';
  #wake: () => void = () => {};

  constructor(port: number) {
    this.#port = port;
  }

  /** Asks; the status is 0 where there is no answer. */
  async get(path: string): Promise<Answered> {
    return await this.#ask(`GET ${path} HTTP/1.1\r\nHost: fleet\r\n\r\n`);
  }

  /** The same with something to say, in ASCII. */
  async post(path: string, json: string): Promise<Answered> {
    const head = `POST ${path} HTTP/1.1\r\nHost: fleet\r\nContent-Type: application/json\r\nContent-Length: ${json.length}`;
    return await this.#ask(`${head}\r\n\r\n${json}`);
  }

  async #ask(request: string): Promise<Answered> {
    try {
      const socket = this.#socket ?? (await this.#open());
      this.#socket = socket;
      socket.write(request);
      for (;;) {
        const answered = this.#take();
        if (answered !== undefined) return answered;
        if (socket.destroyed) throw new Error('the connection has ended');
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } catch {
      this.close();
      return FAILED;
    }
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
    this.#received = '';
  }

  async #open(): Promise<Socket> {
    const socket = connect(this.#port, '127.0.0.1');
    socket.setEncoding('latin1').setNoDelay(true);
    socket.on('data', (text: string) => {
      this.#received += text;
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => this.#wake());
    await once(socket, 'connect');
    return socket;
  }

  /** The answer, if it is here as a whole. */
  #take(): Answered | undefined {
    const end = this.#received.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const head = this.#received.slice(0, end);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 'NaN');
    if (Number.isNaN(length)) throw new Error('no Content-Length');
    const bodyEnd = end + 4 + length;
    if (this.#received.length < bodyEnd) return undefined;
    const body = this.#received.slice(end + 4, bodyEnd);
    this.#received = this.#received.slice(bodyEnd);
    return {
      status: Number(head.slice(9, 12)),
      cacheStatus: /\r\ncache-status: ([^\r]*)/i.exec(head)?.[1] ?? '',
      body,
    };
  }
}
