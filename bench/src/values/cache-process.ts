import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startChild } from '../children.js';
import { pin } from '../pinning.js';
import type { ClientName } from './clients.js';
import type { Answer, Order } from './orders.js';
import type { ValueKind } from './value-kinds.js';

/** A cache in a process of its own: what one does to the runtime, such as following promises, is its own affair. */
export class CacheProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;

  constructor(name: ClientName, kind: ValueKind, node: string, core: number | undefined) {
    const program = fileURLToPath(new URL('./process.js', import.meta.url));
    const command = pin([node, '--disable-warning=ViewcacheWarning', program, name, kind], core);
    this.#child = startChild(command, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#ended = once(this.#child, 'exit').then(() => Promise.reject(new Error(`${name} has ended`)));
    this.#ended.catch(() => {});
  }

  async run(order: Order): Promise<Answer> {
    this.#child.send(order);
    const [answer] = (await Promise.race([once(this.#child, 'message'), this.#ended])) as [Answer];
    return answer;
  }

  stop(): void {
    this.#child.disconnect();
    this.#child.kill();
  }
}
