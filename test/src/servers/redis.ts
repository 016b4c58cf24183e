import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from './binary.js';
import { type Reply, RespConnection } from './resp.js';
import { freePorts, ServerProcess } from './server-process.js';

const PROGRAM = {
  names: ['redis-server', 'valkey-server'],
  variable: 'REDIS_SERVER',
  debian: 'redis-server',
} as const;

/** Settings of redis.conf, by their names; a list for one that takes several words. */
export type RedisSettings = Readonly<Record<string, string | readonly string[]>>;

const READY = /Ready to accept connections/;

/** A Redis (or Valkey) of the test's own, on a free port, in a folder that is removed with it. */
export class RedisServer {
  readonly port: number;
  readonly #folder: string;
  readonly #settings: RedisSettings;
  #process: ServerProcess | undefined;
  #admin: RespConnection | undefined;

  private constructor(port: number, folder: string, settings: RedisSettings) {
    this.port = port;
    this.#folder = folder;
    this.#settings = settings;
  }

  /** Starts one, and waits until it can be asked. It saves nothing unless it is told to. */
  static async start(settings: RedisSettings = {}): Promise<RedisServer> {
    const folder = await mkdtemp(join(tmpdir(), 'viewcache-redis-'));
    for (let attempt = 1; ; attempt++) {
      const [port] = (await freePorts(1)) as [number];
      const server = new RedisServer(port, folder, settings);
      try {
        await server.restart();
        return server;
      } catch (error) {
        // Somebody else may have taken the port meanwhile.
        if (attempt === 3 || !/in use/i.test(String(error))) throw error;
      }
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** The process, for signals and for what it logs. */
  get process(): ServerProcess {
    if (this.#process === undefined) throw new Error('the server is not running');
    return this.#process;
  }

  /** Starts it again where it was: same port, same folder, so with what it had saved. */
  async restart(): Promise<void> {
    await this.kill();
    const settings = { save: '', appendonly: 'no', ...this.#settings };
    const words = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, ...[value].flat()]);
    this.#process = await ServerProcess.start(
      findProgram(PROGRAM),
      ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#folder, ...words],
      this.#folder,
    );
    await this.#process.logged(READY);
  }

  /** Asks it something over a connection that has nothing to do with any client under test. */
  async command(...words: readonly (string | number | Uint8Array)[]): Promise<Reply> {
    if (this.#admin?.isOpen !== true) this.#admin = await RespConnection.open(this.port);
    return this.#admin.send(words);
  }

  /** A field of `INFO`. */
  async info(section: string, field: string): Promise<string | undefined> {
    const text = String(await this.command('INFO', section));
    return new RegExp(`^${field}:(.*?)\\r?$`, 'm').exec(text)?.[1];
  }

  /** How often each command was carried out since `CONFIG RESETSTAT`, by its name in lower case. */
  async commandCounts(): Promise<Map<string, number>> {
    const text = String(await this.command('INFO', 'commandstats'));
    return new Map(
      [...text.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)].map(([, name, calls]) => [String(name), Number(calls)]),
    );
  }

  /** SIGSTOP: it answers nothing, and its connections stay open. */
  pause(): void {
    this.process.pause();
  }

  resume(): void {
    this.process.resume();
  }

  /** SIGKILL: nothing is saved on the way out. */
  async kill(): Promise<void> {
    this.#admin?.close();
    this.#admin = undefined;
    await this.#process?.kill();
    this.#process = undefined;
  }

  /** Ends it, and removes what it left. */
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** A cluster of three primaries that share the slots between them. */
export async function startCluster(): Promise<{ readonly nodes: readonly RedisServer[]; stop(): Promise<void> }> {
  const busPorts = await freePorts(3);
  const nodes = await Promise.all(
    busPorts.map((port) =>
      RedisServer.start({
        'cluster-enabled': 'yes',
        'cluster-port': String(port),
        // On a busy machine one that is slow must not look as if it were away.
        'cluster-node-timeout': '60000',
        'cluster-config-file': 'nodes.conf',
      }),
    ),
  );
  const edges = [0, 5461, 10923, 16384] as const;
  for (const [i, node] of nodes.entries()) {
    await node.command('CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
    await node.command('CLUSTER', 'ADDSLOTSRANGE', edges[i] ?? 0, (edges[i + 1] ?? 0) - 1);
    // So that none has to wait until it hears of another one by chance.
    for (const other of nodes.slice(0, i))
      await other.command('CLUSTER', 'MEET', '127.0.0.1', node.port, busPorts[i] ?? 0);
  }
  await Promise.all(nodes.map((node) => node.process.logged(/Cluster state changed: ok/)));
  return {
    nodes,
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

/** A primary, its replica, and a sentinel that promotes it within about a second of losing the primary. */
export interface SentinelGroup {
  /** What the sentinel calls the primary, whichever it is. */
  readonly name: string;
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  readonly port: number;
  /** The sentinel's process, for what it logs: `+switch-master`. */
  readonly process: ServerProcess;
  stop(): Promise<void>;
}

export async function startSentinel(): Promise<SentinelGroup> {
  const primary = await RedisServer.start({ 'repl-diskless-sync-delay': '0' });
  const replica = await startReplica(primary);
  const folder = await mkdtemp(join(tmpdir(), 'viewcache-sentinel-'));
  const [port] = (await freePorts(1)) as [number];
  const name = 'main';
  const file = join(folder, 'sentinel.conf');
  await writeFile(
    file,
    [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      `sentinel monitor ${name} 127.0.0.1 ${primary.port} 1`,
      `sentinel down-after-milliseconds ${name} 500`,
      `sentinel failover-timeout ${name} 3000`,
      '',
    ].join('\n'),
  );
  const sentinel = await ServerProcess.start(findProgram(PROGRAM), [file, '--sentinel'], folder);
  await sentinel.logged(/\+slave slave/);
  return {
    name,
    primary,
    replica,
    port,
    process: sentinel,
    async stop() {
      await Promise.all([sentinel.kill(), primary.stop(), replica.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A replica that has all its primary has. `REPLICAOF NO ONE` promotes it by hand. */
async function startReplica(primary: RedisServer): Promise<RedisServer> {
  const replica = await RedisServer.start({ replicaof: `127.0.0.1 ${primary.port}` });
  await replica.process.logged(/sync: Finished with success|successful partial resynchronization/i);
  return replica;
}
