import { StoreTimeoutError } from '../../base/store-errors.js';
import type { StoreHealth } from '../../ports/tagged-store.js';
import { type Nonce, NonceKeys, newNonce, nonceBytes, readNonce } from '../nonce.js';
import type { Entry, NonceLedger, Placed, Placing, Reading, Sighting } from '../nonce-ledger.js';
import { stampAcross } from '../nonce-token.js';
import type { Commands, Servers } from './memcached-servers.js';
import type { FoundValue } from './reply-parser.js';
import { SequenceLog } from './sequence-log.js';

/**
 * How long a nonce lives at least. Longer than elsewhere: what nobody uses the server forgets first by itself.
 */
const NONCE_MS = 30 * 86_400_000;
/** Tags that go into one entry of the log, and into one step: an invalidation must not take all that requests need. */
const STEP = 1_000;
const NONCES_AT_ONCE = 64;
/** Puts that are sent together, each of two commands: a connection takes so many at once. */
const PUTS_AT_ONCE = 500;

type PlacingOver = Placing & { readonly over: NonNullable<Placing['over']> };

/** One command on its way to the server that has the key. */
interface Doing {
  readonly key: string;
  run(server: Commands): Promise<boolean>;
}

/**
 * Nonces on Memcached: `add` plants them, and a sequence with a log is the mark, so that an invalidation refuses only the
 * fills it is about (PROTOCOL 4.14).
 */
export class MemcachedLedger implements NonceLedger {
  readonly name = 'memcached';
  readonly keys: NonceKeys;
  readonly #servers: Servers;
  readonly #sequence: SequenceLog;
  #nonceMs = NONCE_MS;

  constructor(servers: Servers, namespace: string) {
    this.#servers = servers;
    this.keys = new NonceKeys(namespace);
    this.#sequence = new SequenceLog(servers, this.keys);
  }

  read(keys: readonly string[]): Promise<readonly Reading[]> {
    return this.#servers.read(keys);
  }

  async look(keys: readonly string[]): Promise<readonly Sighting[]> {
    const found = await this.#servers.askEach(keys, 'getMany', (server, some) => server.getsMany(some));
    return found.map((each) => ({ reading: each === null ? null : each?.bytes, unique: each?.unique }));
  }

  async write(entries: readonly Entry[]): Promise<readonly boolean[]> {
    const outcomes = await this.#do(
      entries.map(({ key, frame, ttlMs }) => ({ key, run: (server) => server.set(key, frame, ttlMs) })),
    );
    return outcomes.map((isStored) => isStored === true);
  }

  async swap({ key, frame, ttlMs }: Entry, unique: string): Promise<boolean> {
    const [isStored] = await this.#do([{ key, run: (server) => server.swap(key, frame, ttlMs, unique) }]);
    return isStored === true;
  }

  /** The mark, then the rest: who reads a new nonce has to find the mark changed. */
  async put(placings: readonly Placing[]): Promise<readonly Placed[]> {
    try {
      for (let at = 0; at < placings.length; at += STEP) {
        const tags = placings.slice(at, at + STEP).map(({ ownTag }) => ownTag);
        if (!(await this.#sequence.append(tags))) return placings.map(() => 'unavailable');
      }
    } catch {
      return placings.map(() => 'unavailable');
    }
    const answers = new Map<Placing, Placed>();
    const anyhow = placings.filter(({ over }) => over === undefined);
    const over = placings.filter((placing): placing is PlacingOver => placing.over !== undefined);
    await Promise.all([this.#putAnyhow(anyhow, answers), this.#putOver(over, answers)]);
    return placings.map((placing) => answers.get(placing) ?? 'unavailable');
  }

  async settle(tag: string, from: Nonce, to: Nonce): Promise<Nonce | undefined> {
    const key = this.keys.tag(tag);
    return await this.#servers.ask(key, 'set', async (server) => {
      const found = await server.gets(key);
      const nonce = readNonce(found?.bytes);
      if (nonce !== from || found?.unique === undefined) return nonce;
      if (await server.swap(key, nonceBytes(to), this.#nonceMs, found.unique)) return to;
      return readNonce((await server.getMany([key]))[0]);
    });
  }

  /** One round trip: the reading is sent behind the adding, and a server answers in order. */
  async plant(keys: readonly string[]): Promise<readonly (Nonce | undefined)[]> {
    try {
      const found = await this.#servers.askEach(keys, 'set', async (server, some) => {
        const added = some.map((key) => server.add(key, nonceBytes(newNonce()), this.#nonceMs));
        const [values] = await Promise.all([server.getMany(some), ...added]);
        return Promise.all(values.map((value, i) => this.#mend(server, some[i] as string, value)));
      });
      return found.map((bytes) => readNonce(bytes ?? undefined));
    } catch {
      return keys.map(() => undefined);
    }
  }

  outlive(ttlMs: number): void {
    this.#nonceMs = Math.max(this.#nonceMs, 2 * ttlMs);
  }

  markOf(reading: Reading): string | undefined {
    return SequenceLog.numberOf(reading)?.toString();
  }

  async plantMark(): Promise<string | undefined> {
    try {
      return (await this.#sequence.start())?.toString();
    } catch {
      return undefined;
    }
  }

  async isQuietSince(mark: string | undefined, tags: readonly string[]): Promise<boolean> {
    return mark !== undefined && this.#sequence.isQuietSince(BigInt(mark), tags);
  }

  async purge(tags: readonly string[]): Promise<ReadonlySet<string>> {
    const left = new Set<string>();
    for (let at = 0; at < tags.length; at += STEP) {
      for (const tag of await this.#purge(tags.slice(at, at + STEP))) left.add(tag);
    }
    return left;
  }

  health(): StoreHealth {
    return this.#servers.health();
  }

  close(): Promise<void> {
    return this.#servers.close();
  }

  /** Neither is of any use without the other, so that they may come in any order. */
  async #putAnyhow(placings: readonly Placing[], answers: Map<Placing, Placed>): Promise<void> {
    for (let at = 0; at < placings.length; at += PUTS_AT_ONCE) {
      const some = placings.slice(at, at + PUTS_AT_ONCE);
      const nonces = some.map(newNonce);
      const outcomes = await this.#do([
        ...some.map(({ ownTag }, i): Doing => {
          const key = this.keys.tag(ownTag);
          return { key, run: (server) => server.set(key, nonceBytes(nonces[i] as Nonce), this.#nonceMs) };
        }),
        ...some.map(({ key, frame, ttlMs }, i): Doing => {
          const bytes = frame(nonces[i] as Nonce);
          return { key, run: (server) => server.set(key, bytes, ttlMs) };
        }),
      ]);
      for (const [i, placing] of some.entries()) {
        const isStored = outcomes[i] === true && outcomes[some.length + i] === true;
        answers.set(placing, isStored ? { nonce: nonces[i] as Nonce } : 'unavailable');
      }
    }
  }

  /**
   * PROTOCOL 4.11, Memcached. The frame is stored over the one that was seen, by a stamp that is good under the nonce that
   * was seen and under the next one; then the nonce is replaced. Whoever finds the one without the other finishes it.
   */
  async #putOver(placings: readonly PlacingOver[], answers: Map<Placing, Placed>): Promise<void> {
    const keyOf = ({ ownTag }: Placing): string => this.keys.tag(ownTag);
    const owns = await this.#getsEach(placings.map(keyOf));
    const next = placings.map(newNonce);
    const isSame = placings.map(({ over }, i) => readNonce(owns[i]?.bytes) === over.nonce);
    const going = placings.flatMap((placing, i) => (isSame[i] ? [{ placing, i }] : []));
    for (const [i, placing] of placings.entries()) {
      answers.set(placing, owns[i] === null || isSame[i] ? 'unavailable' : 'refused');
    }
    const swapped = await this.#do(
      going.map(({ placing: { key, over, ttlMs, frame }, i }) => {
        const bytes = frame(stampAcross(over.nonce, next[i] as Nonce));
        const { unique } = over;
        const run: Doing['run'] = (server) =>
          unique === undefined ? server.add(key, bytes, ttlMs) : server.swap(key, bytes, ttlMs, unique);
        return { key, run };
      }),
    );
    for (const [at, { placing }] of going.entries()) if (swapped[at] === false) answers.set(placing, 'refused');
    const stored = going.filter((_, at) => swapped[at] === true);
    const renewed = await this.#do(
      stored.map(({ placing, i }) => {
        const key = keyOf(placing);
        const unique = owns[i]?.unique ?? '';
        return { key, run: (server) => server.swap(key, nonceBytes(next[i] as Nonce), this.#nonceMs, unique) };
      }),
    );
    for (const [at, { placing, i }] of stored.entries()) {
      // If not by this step, then somebody else has finished it, or invalidated it: it was stored before that.
      if (renewed[at] !== null) answers.set(placing, { nonce: next[i] as Nonce });
    }
  }

  /** Commands that are sent together, as one operation of each server; `null` where it did not answer. Never rejects. */
  async #do(all: readonly Doing[]): Promise<readonly (boolean | null)[]> {
    const runs = new Map(all.map(({ key, run }) => [key, run]));
    const nobody = (): Promise<boolean> => Promise.resolve(false);
    try {
      return await this.#servers.askEach(
        all.map(({ key }) => key),
        'set',
        (server, keys) => Promise.all(keys.map((key) => (runs.get(key) ?? nobody)(server))),
      );
    } catch {
      return all.map(() => null);
    }
  }

  async #getsEach(keys: readonly string[]): Promise<readonly (FoundValue | undefined | null)[]> {
    try {
      return await this.#servers.askEach(keys, 'getMany', (server, some) => server.getsMany(some));
    } catch {
      return keys.map(() => null);
    }
  }

  async #purge(tags: readonly string[]): Promise<Iterable<string>> {
    let isWritten = false;
    try {
      isWritten = await this.#sequence.append(tags);
    } catch (error) {
      // Who waited for a deadline once waits for no second one.
      if (error instanceof StoreTimeoutError) return tags;
    }
    // Without the sequence it is not done, and will be asked for again. But what is stored can go now.
    const left: string[] = [];
    for (let at = 0; at < tags.length; at += NONCES_AT_ONCE) {
      left.push(...(await this.#replace(tags.slice(at, at + NONCES_AT_ONCE))));
    }
    return isWritten ? left : tags;
  }

  /** Where a foreign value is in the way nothing can be added. A nonce that was never there before harms nobody. */
  async #mend(server: Commands, key: string, value: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    if (value === undefined || readNonce(value) !== undefined) return value;
    const written = server.set(key, nonceBytes(newNonce()), this.#nonceMs);
    return (await Promise.all([server.getMany([key]), written]))[0][0];
  }

  /** A nonce that is missing needs no other: whatever remembered it is gone, and whoever plants a new one reads afterwards. */
  async #replace(tags: readonly string[]): Promise<string[]> {
    try {
      const outcomes = await this.#servers.askEach(
        tags.map((tag) => this.keys.tag(tag)),
        'set',
        (server, keys) => Promise.all(keys.map((key) => server.replace(key, nonceBytes(newNonce()), this.#nonceMs))),
      );
      return tags.filter((_, i) => outcomes[i] === null || outcomes[i] === 'failed');
    } catch {
      return [...tags];
    }
  }
}
