import { once } from 'node:events';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { findProgram } from './binary.js';
import { freePorts, ServerProcess } from './server-process.js';

const PROGRAM = { names: ['memcached'], variable: 'MEMCACHED', debian: 'memcached' } as const;

/** The last line of whatever a server answers. */
const DONE = /^(?:END|STORED|NOT_STORED|OK|DELETED|NOT_FOUND|RESET|ERROR|EN|HD.*|\d+|(?:CLIENT|SERVER)_ERROR .*)$/;

/** A Memcached of the test's own, on a free port. It forgets all when it ends. */
export class MemcachedServer {
  readonly port: number;
  readonly #words: readonly string[];
  #process: ServerProcess | undefined;

  private constructor(port: number, words: readonly string[]) {
    this.port = port;
    this.#words = words;
  }

  /** Starts one, and waits until it listens. */
  static async start(...words: readonly string[]): Promise<MemcachedServer> {
    for (let attempt = 1; ; attempt++) {
      const [port] = (await freePorts(1)) as [number];
      const server = new MemcachedServer(port, words);
      try {
        await server.restart();
        return server;
      } catch (error) {
        // Somebody else may have taken the port meanwhile.
        if (attempt === 3 || !/in use/i.test(String(error))) throw error;
      }
    }
  }

  /** Where it is, as the settings name it. */
  get seat(): { readonly host: string; readonly port: number; readonly weight: number } {
    return { host: '127.0.0.1', port: this.port, weight: 1 };
  }

  /** Starts it again on the same port, with nothing in it. */
  async restart(): Promise<void> {
    await this.kill();
    const user = process.getuid?.() === 0 ? ['-u', 'root'] : [];
    const where = ['-l', '127.0.0.1', '-p', String(this.port), '-U', '0', '-t', '1'];
    // While the maintainer crawls a class of sizes in search of what has expired, lists of keys go without that class.
    const wholeLists = ['-o', 'no_lru_maintainer'];
    this.#process = await ServerProcess.start(
      findProgram(PROGRAM),
      [...where, ...wholeLists, ...user, '-vv', ...this.#words],
      tmpdir(),
    );
    await this.#process.logged(/server listening/);
    // To say what each client asks takes longer than to answer it. Some words make it hear only who has a password or TLS.
    if (this.#words.length === 0) await this.command('verbosity 0');
  }

  /**
   * Asks it something in its own words, over a connection that has nothing to do with any client under test.
   *
   * @returns the lines of the answer, read as latin1
   */
  async command(line: string, value?: string): Promise<string[]> {
    const socket = connect(this.port, '127.0.0.1').setEncoding('latin1');
    await once(socket, 'connect');
    socket.write(`${line}${value === undefined ? '' : ` ${value.length}\r\n${value}`}\r\n`, 'latin1');
    let answer = '';
    for await (const text of socket) {
      answer += text;
      const lines = answer.split(/\r?\n/).slice(0, -1);
      const isValue = lines.length > 0 && /^VA /.test(lines[0] ?? '');
      if (lines.length > (isValue ? 1 : 0) && (isValue || DONE.test(lines.at(-1) ?? ''))) return lines;
    }
    throw new Error(`the server ended the connection after ${JSON.stringify(answer)}`);
  }

  /** The keys it holds. It lists them while it moves them about, so one list may lack some: until two have no more to say. */
  async keys(): Promise<string[]> {
    const keys = new Set<string>();
    for (let size = -1; keys.size > size; ) {
      size = keys.size;
      for (let i = 0; i < 2; i++) {
        const lines = await this.command('lru_crawler metadump all');
        for (const text of lines) {
          const [, key] = /^key=(\S+)/.exec(text) ?? [];
          if (key !== undefined) keys.add(decodeURIComponent(key));
        }
      }
    }
    return [...keys];
  }

  /** One of its counters, `cmd_get`. */
  async count(name: string): Promise<number> {
    const lines = await this.command('stats');
    return Number(lines.find((text) => text.startsWith(`STAT ${name} `))?.split(' ')[2]);
  }

  /** SIGSTOP: it answers nothing, and its connections stay open. */
  pause(): void {
    this.#process?.pause();
  }

  resume(): void {
    this.#process?.resume();
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await this.#process?.kill();
    this.#process = undefined;
  }
}
