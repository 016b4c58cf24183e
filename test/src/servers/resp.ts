import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What a server answers (RESP2). Strings are bytes read as latin1. */
export type Reply = string | number | null | Reply[];

/** A line that goes to a Redis server past every client library: for what tests do to the server behind the cache's back. */
export class RespConnection {
  readonly #socket: Socket;
  readonly #waiting: { resolve(reply: Reply): void; reject(error: Error): void }[] = [];
  #rest = '';

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text) => this.#read(String(text)));
    socket.on('error', () => {});
    socket.on('close', () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error('the connection was closed'));
    });
  }

  static async open(port: number): Promise<RespConnection> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new RespConnection(socket);
  }

  get isOpen(): boolean {
    return this.#socket.readyState === 'open';
  }

  send(words: readonly (string | number | Uint8Array)[]): Promise<Reply> {
    const parts: Uint8Array[] = [Buffer.from(`*${words.length}\r\n`)];
    for (const word of words) {
      const bytes = word instanceof Uint8Array ? word : Buffer.from(String(word));
      parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#socket.write(Buffer.concat(parts));
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    this.#rest += text;
    for (;;) {
      const parsed = parse(this.#rest, 0);
      if (parsed === undefined) return;
      this.#rest = this.#rest.slice(parsed.end);
      const next = this.#waiting.shift();
      if (parsed.reply instanceof Error) next?.reject(parsed.reply);
      else next?.resolve(parsed.reply);
    }
  }
}

function parse(text: string, at: number): { reply: Reply | Error; end: number } | undefined {
  const lineEnd = text.indexOf('\r\n', at);
  if (lineEnd === -1) return undefined;
  const rest = text.slice(at + 1, lineEnd);
  const end = lineEnd + 2;
  switch (text[at]) {
    case '+':
      return { reply: rest, end };
    case '-':
      return { reply: new Error(rest), end };
    case ':':
      return { reply: Number(rest), end };
    case '$': {
      const length = Number(rest);
      if (length === -1) return { reply: null, end };
      return text.length < end + length + 2
        ? undefined
        : { reply: text.slice(end, end + length), end: end + length + 2 };
    }
    case '*':
      return parseList(text, end, Number(rest));
    default:
      throw new Error(`not a reply: ${text.slice(at, at + 40)}`);
  }
}

function parseList(text: string, at: number, length: number): { reply: Reply; end: number } | undefined {
  if (length === -1) return { reply: null, end: at };
  const list: Reply[] = [];
  let end = at;
  for (let i = 0; i < length; i++) {
    const item = parse(text, end);
    if (item === undefined) return undefined;
    list.push(item.reply instanceof Error ? item.reply.message : item.reply);
    end = item.end;
  }
  return { reply: list, end };
}
