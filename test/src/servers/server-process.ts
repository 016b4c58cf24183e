import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/**
 * Where servers of tests listen: below the ports that Linux (from 32768) and the others (from 49152) give to outgoing connections
 * and to whoever listens on port 0. One of those may be taken between being found free and being listened on, and while a server
 * that is to come back is away.
 */
const FIRST_PORT = 10_240;
const LAST_PORT = 32_767;

let nextPort = randomInt(FIRST_PORT, LAST_PORT + 1);

/** Ports on this machine that nobody listens on just now; different ones each time. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = nextPort;
    nextPort = port === LAST_PORT ? FIRST_PORT : port + 1;
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** A server's process with what it has logged, so that a test waits for what happened and not for some time to pass. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;
  readonly #watchdog: ChildProcess;
  readonly #lines: string[] = [];
  readonly #listeners = new Set<() => void>();
  #hasExited = false;
  /** Only now has all of its output been read: the end of a process may be told before its last lines. */
  #hasClosed = false;

  private constructor(child: ChildProcess) {
    this.#child = child;
    // Ends the server when this process ends, however it ends: its standard input closes then.
    this.#watchdog = spawn('sh', ['-c', 'read _; kill -9 "$0"', String(child.pid)], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#exit = once(child, 'exit').then(() => {
      this.#hasExited = true;
      this.#watchdog.kill('SIGKILL');
    });
    child.on('close', () => {
      this.#hasClosed = true;
      for (const listener of [...this.#listeners]) listener();
    });
    let rest = '';
    const read = (text: string): void => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      this.#lines.push(...lines);
      for (const listener of [...this.#listeners]) listener();
    };
    child.stdout?.setEncoding('utf8').on('data', read);
    child.stderr?.setEncoding('utf8').on('data', read);
  }

  /** @param user - whose process it is to be, where not ours: some servers refuse root */
  static async start(
    program: string,
    words: readonly string[],
    folder: string,
    user: { readonly uid?: number; readonly gid?: number } = {},
  ): Promise<ServerProcess> {
    const child = spawn(program, words, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], ...user });
    await once(child, 'spawn');
    return new ServerProcess(child);
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** How many lines it has logged: a place to wait {@link logged} from. */
  get position(): number {
    return this.#lines.length;
  }

  /**
   * Waits until it has logged a line.
   *
   * @param from - lines before this one do not count
   * @throws when it ends without having done so
   */
  logged(pattern: RegExp, from = 0): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const line = this.#lines.slice(from).find((it) => pattern.test(it));
        if (line === undefined && !this.#hasClosed) return;
        this.#listeners.delete(look);
        if (line !== undefined) resolve(line);
        else reject(new Error(`the server ended without logging ${pattern}:\n${this.#lines.slice(-20).join('\n')}`));
      };
      this.#listeners.add(look);
      look();
    });
  }

  /** SIGSTOP: it hangs with its connections open. Returns when it does: on a busy machine its threads go on for a while. */
  pause(): void {
    this.#child.kill('SIGSTOP');
    const tasks = `/proc/${this.pid}/task`;
    const end = performance.now() + 2_000;
    while (existsSync(tasks) && readdirSync(tasks).some((task) => !isStopped(`${tasks}/${task}/stat`)))
      if (performance.now() > end) throw new Error(`${this.pid} does not stop`);
  }

  /** SIGCONT: it goes on. */
  resume(): void {
    this.#child.kill('SIGCONT');
  }

  /** SIGTERM: it ends in its own time. */
  terminate(): void {
    this.#child.kill('SIGTERM');
  }

  /** SIGINT: it ends at once, in order. */
  interrupt(): void {
    this.#child.kill('SIGINT');
  }

  /** Kills it with SIGKILL, stopped or not, and waits until it is gone. */
  async kill(): Promise<void> {
    if (!this.#hasExited) this.#child.kill('SIGKILL');
    await this.#exit;
  }
}

/** Whether a thread stands still, by proc_pid_stat(5): its state follows its name, which is in brackets. */
function isStopped(stat: string): boolean {
  return /\) [Tt] /.test(readFileSync(stat, 'latin1'));
}
