import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { AppOptions, Order, Report, Said } from './orders.js';

const PROGRAM = fileURLToPath(new URL('app.js', import.meta.url));

/** The same for all processes of an app: it is part of what names a page. */
const HOST = { host: 'shop.example' };

/** One answer as a visitor gets it. */
export interface Answer {
  /** 0 where there was none: the connection was lost. */
  readonly status: number;
  readonly body: string;
  readonly isHit: boolean;
  readonly startedAt: number;
  readonly ms: number;
}

/** An app with a cache in a process of its own, and its visitors. */
export class AppProcess {
  readonly #child: ChildProcess;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #said: Said[] = [];
  readonly #listeners = new Set<() => void>();
  #port = 0;
  #orders = 0;
  #hasEnded = false;
  #errors = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      this.#errors += text;
    });
    child.on('message', (said: Said) => {
      this.#said.push(said);
      this.#wake();
    });
    child.on('exit', () => {
      this.#hasEnded = true;
      this.#wake();
    });
  }

  /** Starts one, and waits until it listens. Its store may take longer: {@link told} `ready` says when. */
  static async start(options: AppOptions): Promise<AppProcess> {
    const child = fork(PROGRAM, [], { stdio: ['ignore', 'inherit', 'pipe', 'ipc'], execArgv: ['--expose-gc'] });
    const process = new AppProcess(child);
    child.send(options);
    const said = await process.told('listening');
    process.#port = said.port;
    return process;
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** How often it has said something so far, optionally of one path. */
  count(kind: Said['kind'], path?: string): number {
    return this.#all(kind, path).length;
  }

  /** Waits until it has said something so often. */
  async told<Kind extends Said['kind']>(
    kind: Kind,
    times = 1,
    path?: string,
  ): Promise<Extract<Said, { readonly kind: Kind }>> {
    return (await this.#until(() => this.#all(kind, path)[times - 1], kind)) as Extract<Said, { readonly kind: Kind }>;
  }

  /** Sends a request, and reads all of its answer. */
  get(path: string): Promise<Answer> {
    return new Promise((resolve) => {
      const startedAt = performance.now();
      const end = (status: number, body: string, cacheStatus: string): void =>
        resolve({
          status,
          body,
          isHit: /;\s*hit\b/.test(cacheStatus),
          startedAt,
          ms: performance.now() - startedAt,
        });
      get({ host: '127.0.0.1', port: this.#port, path, headers: HOST, agent: this.#agent }, (res) => {
        let body = '';
        res.setEncoding('utf8');
        res.on('data', (text) => {
          body += text;
        });
        res.on('end', () => end(res.statusCode ?? 0, body, String(res.headers['cache-status'])));
        res.on('error', () => end(0, body, ''));
      }).on('error', (error) => end(0, String(error), ''));
    });
  }

  write(page: string, version: number): Promise<unknown> {
    return this.#ask({ kind: 'write', page, version });
  }

  /** @returns for each page whether its invalidation is durable */
  async invalidate(pages: readonly string[]): Promise<readonly boolean[]> {
    return (await this.#ask({ kind: 'invalidate', pages })) as boolean[];
  }

  /** Lets gated handlers go on. */
  open(isForGood: boolean): Promise<unknown> {
    return this.#ask({ kind: 'open', isForGood });
  }

  async report(): Promise<Report> {
    return (await this.#ask({ kind: 'report' })) as Report;
  }

  /** SIGKILL: it says goodbye to nobody. */
  async kill(): Promise<void> {
    this.#agent.destroy();
    if (this.#hasEnded) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }

  async #ask(order: Order): Promise<unknown> {
    const id = ++this.#orders;
    this.#child.send({ id, order });
    const isAnswer = (said: Said): boolean => said.kind === 'answer' && said.id === id;
    const said = await this.#until(() => this.#said.find(isAnswer), order.kind);
    return said.kind === 'answer' ? said.value : undefined;
  }

  #all(kind: Said['kind'], path?: string): Said[] {
    return this.#said.filter((it) => it.kind === kind && (path === undefined || ('path' in it && it.path === path)));
  }

  #until<T>(look: () => T | undefined, what: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const found = look();
        if (found === undefined && !this.#hasEnded) return;
        this.#listeners.delete(check);
        if (found !== undefined) resolve(found);
        else reject(new Error(`the app ended before it said ${what}:\n${this.#errors}`));
      };
      this.#listeners.add(check);
      check();
    });
  }

  #wake(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
