import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startChild } from '../children.js';
import { pin } from '../pinning.js';
import type { OrmName } from './clients.js';
import type { Answer, Order } from './orders.js';

/** One library in a process of its own: what it does to the runtime is its own affair. */
export class OrmProcess {
  /** Of Node.js. */
  readonly version: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;

  private constructor(child: ChildProcess, ended: Promise<never>, version: string) {
    this.#child = child;
    this.#ended = ended;
    this.version = version;
  }

  static async start(name: OrmName, isWatched: boolean, node: string, core: number | undefined): Promise<OrmProcess> {
    const program = fileURLToPath(new URL('./process.js', import.meta.url));
    const command = pin(
      [node, '--disable-warning=ViewcacheWarning', program, name, isWatched ? 'watched' : 'bare'],
      core,
    );
    const child = startChild(command, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${name} has ended`)));
    ended.catch(() => {});
    const [{ version }] = (await Promise.race([once(child, 'message'), ended])) as [{ readonly version: string }];
    return new OrmProcess(child, ended, version);
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
