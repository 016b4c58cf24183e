import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createClient } from '@keyv/redis';
import { startChild } from './children.js';
import { pin } from './pinning.js';
import { findProgram } from './program.js';

const PROGRAM = { names: ['redis-server', 'valkey-server'], variable: 'REDIS_SERVER', debian: 'redis-server' };
const DATABASES = 64;
const TRIES = 3;

/** A Redis of the bench's own on a free loopback port. It saves nothing, and ends with the bench. */
export class BenchRedis {
  private constructor(
    private readonly port: number,
    private readonly child: ChildProcess,
    private readonly folder: string,
    private readonly admin: ReturnType<typeof adminOf>,
  ) {}

  /**
   * Starts one and waits until it can be asked.
   *
   * @param core - the core it runs on, which must not be that of what is measured
   */
  static async start(core: number | undefined): Promise<BenchRedis> {
    const folder = mkdtempSync(join(tmpdir(), 'viewcache-bench-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    const program = findProgram(PROGRAM);
    for (let tries = 1; ; tries++) {
      const port = await freePort();
      const settings = { port, bind: '127.0.0.1', dir: folder, save: '', appendonly: 'no', databases: DATABASES };
      const words = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
      const child = startChild(pin([program, ...words], core), { stdio: ['ignore', 'pipe', 'inherit'] });
      const problem = await readiness(child);
      if (problem === undefined) {
        const admin = adminOf(port);
        await admin.connect();
        return new BenchRedis(port, child, folder, admin);
      }
      // Somebody else may have taken the port meanwhile.
      if (tries === TRIES) throw new Error(`Redis did not start:\n${problem}`);
    }
  }

  /** @param database - each candidate has one of its own, so that none finds what another one stored */
  url(database: number): string {
    if (database >= DATABASES) throw new RangeError(`There are ${DATABASES} databases only`);
    return `redis://127.0.0.1:${this.port}/${database}`;
  }

  /** Its version, such as `7.0.15`. */
  async version(): Promise<string> {
    return (await this.field('server', 'redis_version')) ?? 'of unknown version';
  }

  /** How many keys all databases have together. */
  async keys(): Promise<number> {
    const text = await this.admin.info('keyspace');
    return [...text.matchAll(/^db\d+:keys=(\d+)/gm)].reduce((sum, [, keys]) => sum + Number(keys), 0);
  }

  /** How many commands it has carried out, those inside scripts included; this question is not counted. */
  async commands(): Promise<number> {
    const text = await this.admin.info('commandstats');
    return [...text.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)].reduce(
      (sum, [, name, calls]) => (name === 'info' ? sum : sum + Number(calls)),
      0,
    );
  }

  /** Bytes of memory its data take. */
  async bytes(): Promise<number> {
    return Number(await this.field('memory', 'used_memory'));
  }

  async flush(): Promise<void> {
    await this.admin.flushAll();
  }

  stop(): void {
    this.admin.destroy();
    this.child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async field(section: string, name: string): Promise<string | undefined> {
    return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(await this.admin.info(section))?.[1];
  }
}

function adminOf(port: number) {
  return createClient({ url: `redis://127.0.0.1:${port}` });
}

/** Waits until the server says that it is ready, or ends with the lines returned. */
async function readiness({ stdout }: ChildProcess): Promise<string | undefined> {
  if (!stdout) throw new Error('The standard output of Redis must be a pipe');
  const log: string[] = [];
  for await (const line of createInterface(stdout)) {
    log.push(line);
    if (/Ready to accept connections/.test(line)) break;
  }
  // Leaving the loop has paused it, and a server whose pipe is full stops.
  stdout.resume();
  return stdout.readableEnded ? log.join('\n') : undefined;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
