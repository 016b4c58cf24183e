import { chownSync, mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from './binary.js';
import { freePorts, ServerProcess } from './server-process.js';

/** MariaDB refuses root; this is nobody, on Linux. */
const NOBODY = { uid: 65_534, gid: 65_534 } as const;
const user: Partial<typeof NOBODY> = process.getuid?.() === 0 ? NOBODY : {};

/** No file of the machine's own settings; small, and nothing is kept that is to outlive it. */
const SETTINGS = ['--no-defaults', '--innodb-buffer-pool-size=32M', '--innodb-log-file-size=8M', '--skip-name-resolve'];
const SPEED = ['--innodb-flush-log-at-trx-commit=0', '--innodb-doublewrite=0', '--skip-log-bin', '--skip-grant-tables'];

/** A MariaDB of the test's own, on a free port, with an empty database `test`, and anybody may do anything. */
export class MariaDbServer {
  readonly port: number;
  readonly #folder: string;
  readonly #process: ServerProcess;

  private constructor(port: number, folder: string, process: ServerProcess) {
    this.port = port;
    this.#folder = folder;
    this.#process = process;
  }

  static async start(): Promise<MariaDbServer> {
    const folder = await mkdtemp(join(tmpdir(), 'viewcache-mariadb-'));
    if (user.uid !== undefined) chownSync(folder, NOBODY.uid, NOBODY.gid);
    const mariadbd = findProgram({
      names: ['mariadbd', 'mysqld'],
      variable: 'MARIADBD',
      debian: 'mariadb-server-core',
      folders: ['/usr/libexec', '/opt/homebrew/opt/mariadb/bin'],
    });
    const data = join(folder, 'data');
    // It needs no tables of its own: who may do what is not what is tested.
    mkdirSync(join(data, 'test'), { recursive: true });
    if (user.uid !== undefined) for (const it of [data, join(data, 'test')]) chownSync(it, NOBODY.uid, NOBODY.gid);
    for (let attempt = 1; ; attempt++) {
      const [port] = (await freePorts(1)) as [number];
      const where = [`--datadir=${data}`, `--tmpdir=${folder}`, `--socket=${join(folder, 's')}`, `--port=${port}`];
      const words = [...SETTINGS, ...SPEED, ...where, '--bind-address=127.0.0.1', `--pid-file=${join(folder, 'pid')}`];
      const process = await ServerProcess.start(mariadbd, words, folder, user);
      try {
        await process.logged(/ready for connections/);
        return new MariaDbServer(port, folder, process);
      } catch (error) {
        // Somebody else may have taken the port meanwhile.
        if (attempt === 3 || !/in use/i.test(String(error))) throw error;
      }
    }
  }

  get url(): string {
    return `mysql://root@127.0.0.1:${this.port}/test`;
  }

  /** Ends it, and removes what it left. */
  async stop(): Promise<void> {
    await this.#process.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
