import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { startChild } from './children.js';
import { pin } from './pinning.js';

/** A program in a process of its own that answers each message with one: what it does to the runtime is its own affair. */
export class Obedient<Order extends object, Answer> {
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;

  /**
   * @param words - the program, and what it is to know
   * @param node - the Node.js that runs it
   */
  constructor(words: readonly [program: string, ...words: string[]], node: string, core: number | undefined) {
    const command = pin([node, '--disable-warning=ViewcacheWarning', ...words], core);
    this.#child = startChild(command, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#ended = once(this.#child, 'exit').then(() => Promise.reject(new Error(`${words[1]} has ended`)));
    this.#ended.catch(() => {});
  }

  /** What it says next without being asked. */
  async said<T>(): Promise<T> {
    const [message] = (await Promise.race([once(this.#child, 'message'), this.#ended])) as [T];
    return message;
  }

  async run(order: Order): Promise<Answer> {
    this.#child.send(order);
    return await this.said<Answer>();
  }

  stop(): void {
    this.#child.disconnect();
    this.#child.kill();
  }
}
