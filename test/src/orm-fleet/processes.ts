import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Orders } from './orders.js';

/** The processes of a fleet, each an app. */
export class Processes {
  readonly ports: readonly number[];
  readonly #children: readonly ChildProcess[];

  private constructor(children: readonly ChildProcess[], ports: readonly number[]) {
    this.#children = children;
    this.ports = ports;
  }

  static async start(count: number, orders: Orders): Promise<Processes> {
    const path = fileURLToPath(new URL('app.js', import.meta.url));
    const children = Array.from({ length: count }, () => fork(path, [], { stdio: 'inherit' }));
    try {
      return new Processes(children, await Promise.all(children.map((child) => begin(child, orders))));
    } catch (error) {
      for (const child of children) child.kill('SIGKILL');
      throw error;
    }
  }

  /** @returns promises that were rejected and that nobody has heard of */
  async stop(): Promise<readonly string[]> {
    const said = await Promise.all(
      this.#children.map(async (child) => {
        const [{ rejections }] = await asked<{ readonly rejections: readonly string[] }>(child, 'stop');
        return rejections;
      }),
    );
    for (const child of this.#children) child.kill('SIGKILL');
    return said.flat();
  }
}

async function begin(child: ChildProcess, orders: Orders): Promise<number> {
  const [{ port }] = await asked<{ readonly port: number }>(child, orders);
  return port;
}

async function asked<T>(child: ChildProcess, message: object | string): Promise<[T]> {
  const ended = new AbortController();
  const answered = once(child, 'message', { signal: ended.signal }) as Promise<[T]>;
  child.once('exit', () => ended.abort(new Error('the process has ended')));
  child.send(message);
  return await answered;
}
