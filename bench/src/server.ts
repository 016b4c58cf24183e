import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startChild } from './children.js';
import type { Answer, Question, Sample } from './messages.js';
import type { Size } from './payload.js';
import { pin } from './pinning.js';

const ANSWER_WITHIN_MS = 15_000;

/** Where and how a candidate's server is started. */
export interface ServerOptions {
  /** The Node.js binary that runs it. */
  node: string;
  core: number | undefined;
  /** What a candidate that caches in Redis is given. */
  redisUrl?: string;
}

/** A candidate listening in a process of its own. */
export class CandidateServer {
  private constructor(
    readonly name: string,
    readonly port: number,
    /** The version of Node.js it runs on, such as `v24.21.0`. */
    readonly node: string,
    private readonly child: ChildProcess,
  ) {}

  /** Starts `candidates/<name>.js` and waits until it listens. */
  static async start(name: string, size: Size, options: ServerOptions): Promise<CandidateServer> {
    const script = fileURLToPath(new URL(`./candidates/${name}.js`, import.meta.url));
    const command = [options.node, script, size, ...(options.redisUrl === undefined ? [] : [options.redisUrl])];
    const child = startChild(pin(command, options.core), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: environment(),
    });
    const ready = await nextAnswer(child, name);
    if (ready.kind !== 'ready') throw new Error(`${name} answered before it was ready`);
    return new CandidateServer(name, ready.port, ready.node, child);
  }

  /** Asks the server what it has spent and done so far. */
  async sample(): Promise<Sample> {
    const answer = nextAnswer(this.child, this.name);
    this.child.send('sample' satisfies Question);
    const sample = await answer;
    if (sample.kind !== 'sample') throw new Error(`${this.name} started twice`);
    return sample;
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }
}

/** What would change how a server works is taken away, so that two machines measure the same. */
function environment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS, CACHE_URL, DEBUG, ...rest } = process.env;
  return { ...rest, NODE_ENV: 'production' };
}

function nextAnswer(child: ChildProcess, name: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => settle(new Error(`${name} gave no answer for ${ANSWER_WITHIN_MS} ms`)),
      ANSWER_WITHIN_MS,
    );
    const onMessage = (answer: unknown) => settle(answer as Answer);
    const onExit = (code: number | null) => settle(new Error(`${name} ended with code ${String(code)}`));
    const onError = (error: Error) => settle(error);
    child.once('message', onMessage);
    child.once('exit', onExit);
    child.once('error', onError);

    function settle(outcome: Answer | Error): void {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onExit);
      child.off('error', onError);
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome);
    }
  });
}
