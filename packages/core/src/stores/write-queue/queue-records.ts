import { createHash } from 'node:crypto';
import type { PendingWrite, WriteKey } from '../../values/strategies/write-queue.js';
import { BYTES, type RedisClient } from '../redis/library.js';
import { answered } from './answered.js';
import { FAIL, PUT, type QueueScript, RELEASE, RENEW, SETTLE, TAKE, WAITING } from './queue-scripts.js';

/** Longest time that a server may take to answer. */
export const ANSWER_MS = 5_000;
/** What the bytes of a write begin with: what it is, and of which type its key was. */
const TEXTS = { set: 's', delete: 'd' } as const;
const NUMBERS = { set: 'S', delete: 'D' } as const;
const NOTHING = Buffer.alloc(0);

/** What came of a put: of a key that has a write waiting already, the job for it is on its way. */
export type PutAnswer = 'full' | { readonly generation: number; readonly isNew: boolean };

/** Writes that wait in Redis, one of each key, and who saves them. */
export class QueueRecords {
  readonly #client: RedisClient;
  readonly #prefix: string;
  readonly #holder: string;

  /** @param prefix - with braces, so that all keys are in one place */
  constructor(client: RedisClient, prefix: string, holder: string) {
    this.#client = client;
    this.#prefix = prefix;
    this.#holder = holder;
  }

  /**
   * Makes sure that the server has the keys of the queue, and those beside them.
   *
   * @throws for a node of a cluster that has not: it would say no to each write. What else it says may be over soon, as while it
   * reads its snapshot
   */
  async checkServer(beside: string): Promise<void> {
    for (const key of [this.#key('writes'), beside]) {
      const said = await this.#ask(['HLEN', key]).catch((error: unknown) => error);
      if (said instanceof Error && said.message.startsWith('MOVED'))
        throw new Error('the server is a node of a Redis Cluster: a queue takes a server of its own');
    }
  }

  /** What the server says of itself, where its user may ask. */
  async serverInfo(): Promise<string | undefined> {
    try {
      return String(await this.#ask(['INFO']));
    } catch {
      return undefined;
    }
  }

  async put(key: WriteKey, bytes: Buffer | undefined, most: number): Promise<PutAnswer> {
    const kind = typeof key === 'number' ? NUMBERS : TEXTS;
    const value = Buffer.concat([Buffer.from(bytes === undefined ? kind.delete : kind.set), bytes ?? NOTHING]);
    const keys = [this.#key('writes'), this.#key('versions'), this.#key('order')];
    const [generation, , isNew] = await this.#run(PUT, keys, [fieldOf(key), value, String(most)]);
    if (String(generation) === 'full') return 'full';
    return { generation: Number(generation), isNew: String(isNew) === 'yes' };
  }

  async find(key: WriteKey): Promise<PendingWrite | undefined> {
    const found = await this.#ask(['HGET', this.#key('writes'), fieldOf(key)]);
    return Buffer.isBuffer(found) ? decode(fieldOf(key), found) : undefined;
  }

  /** Takes the right to save a key, and its newest write. */
  async take(field: string, leaseMs: number): Promise<PendingWrite | 'held' | 'none'> {
    const keys = [this.#key('writes'), this.#leaseOf(field)];
    const [said, found] = await this.#run(TAKE, keys, [field, this.#holder, String(leaseMs)]);
    if (Buffer.isBuffer(found)) return decode(field, found);
    return String(said) === 'held' ? 'held' : 'none';
  }

  async renew(field: string, leaseMs: number): Promise<void> {
    await this.#run(RENEW, [this.#leaseOf(field)], [this.#holder, String(leaseMs)]);
  }

  async release(field: string): Promise<void> {
    await this.#run(RELEASE, [this.#leaseOf(field)], [this.#holder]);
  }

  /** Forgets a write that has come to an end; `newer`: another one has taken its place. */
  async settle({ key, version }: PendingWrite): Promise<'settled' | 'newer' | 'lost'> {
    const field = fieldOf(key);
    const keys = [this.#key('writes'), this.#key('order'), this.#leaseOf(field), this.#key('failures')];
    const [said] = await this.#run(SETTLE, keys, [field, String(version), this.#holder]);
    return String(said) as 'settled' | 'newer' | 'lost';
  }

  /** Notes that a write was refused. @returns how often it was by now, and for how long */
  async fail({ key, version }: PendingWrite): Promise<{ readonly attempts: number; readonly forMs: number }> {
    const [forMs, attempts] = await this.#run(FAIL, [this.#key('failures')], [fieldOf(key), String(version)]);
    return { attempts: Number(attempts), forMs: Number(forMs) };
  }

  /** How many wait. */
  async count(): Promise<number> {
    return Number(await this.#ask(['HLEN', this.#key('writes')]));
  }

  /** The newest version there is. */
  async lastVersion(): Promise<number> {
    return Number((await this.#ask(['GET', this.#key('versions')])) ?? 0);
  }

  /** How many of those wait that were put up to a version. */
  async countUpTo(version: number): Promise<number> {
    return Number(await this.#ask(['ZCOUNT', this.#key('order'), '-inf', String(version)]));
  }

  /** Fields and generations of some that have waited for so long, by the server's time, from a place in their order on. */
  async waitingFor(ms: number, from: number, count: number): Promise<readonly [string, number][]> {
    const keys = [this.#key('order'), this.#key('writes'), this.#key('versions')];
    const found = await this.#run(WAITING, keys, [String(ms), String(from), String(count)]);
    const pairs: [string, number][] = [];
    for (let i = 0; i + 1 < found.length; i += 2) pairs.push([String(found[i]), Number(found[i + 1])]);
    return pairs;
  }

  #key(name: string): string {
    return `${this.#prefix}:${name}`;
  }

  #leaseOf(field: string): string {
    return this.#key(`lease:${createHash('sha1').update(field).digest('base64url')}`);
  }

  async #run({ sha, text }: QueueScript, keys: readonly string[], values: readonly (string | Buffer)[]) {
    const rest = [String(keys.length), ...keys, ...values];
    try {
      return (await this.#ask(['EVALSHA', sha, ...rest])) as readonly unknown[];
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return (await this.#ask(['EVAL', text, ...rest])) as readonly unknown[];
    }
  }

  #ask(words: readonly (string | Buffer)[]): Promise<unknown> {
    return answered(this.#client.sendCommand(words, BYTES), ANSWER_MS);
  }
}

/** A key as text, of which a number is one: half a surrogate pair has no bytes in UTF-8. */
export function fieldOf(key: WriteKey): string {
  const text = String(key);
  return text.isWellFormed() ? `=${text}` : `!${JSON.stringify(text)}`;
}

function keyIn(field: string): string {
  return field.startsWith('!') ? (JSON.parse(field.slice(1)) as string) : field.slice(1);
}

function decode(field: string, found: Buffer): PendingWrite {
  const first = found.indexOf(':');
  const second = found.indexOf(':', first + 1);
  const version = Number(found.toString('latin1', first + 1, second));
  const kind = found.toString('latin1', second + 1, second + 2);
  const text = keyIn(field);
  const isNumber = kind === NUMBERS.set || kind === NUMBERS.delete;
  const isDeletion = kind === NUMBERS.delete || kind === TEXTS.delete;
  return { key: isNumber ? Number(text) : text, version, bytes: isDeletion ? undefined : found.subarray(second + 2) };
}
