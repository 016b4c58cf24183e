import { StoreTimeoutError } from '../../base/store-errors.js';
import type { StoreHealth } from '../../ports/store-health.js';
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
/** Puts that are sent together, each of two commands: a connection takes so many at once, and the log in one entry. */
const PUTS_AT_ONCE = 500;

/** How often a value is put over what others put at the same time. */
const ATTEMPTS = 4;

/** A value to be put, and the nonce of its own tag as it was seen; `null` where nobody can tell. */
interface Seen {
  readonly placing: Placing;
  readonly own: FoundValue | undefined | null;
}

interface SeenOver extends Seen {
  readonly placing: Placing & { readonly over: NonNullable<Placing['over']> };
}

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

  async swap({ key, frame, ttlMs }: Entry, unique: string): Promise<boolean | null> {
    const [isStored = null] = await this.#do([{ key, run: (server) => server.swap(key, frame, ttlMs, unique) }]);
    return isStored;
  }

  /** The mark, then the rest: who reads a new nonce has to find the mark changed. */
  async put(placings: readonly Placing[]): Promise<readonly Placed[]> {
    const answers = new Map<Placing, Placed>();
    for (let at = 0; at < placings.length; at += PUTS_AT_ONCE) {
      const some = placings.slice(at, at + PUTS_AT_ONCE);
      // Sent at once, so that whatever this process invalidates from now on is sent behind it.
      const seeing = this.#getsEach(some.map(({ ownTag }) => this.keys.tag(ownTag)));
      const isWritten = await this.#sequence.append(some.map(({ ownTag }) => ownTag)).catch(() => false);
      const owns = await seeing;
      if (!isWritten) break;
      const all = some.map((placing, i): Seen => ({ placing, own: owns[i] }));
      await Promise.all([
        this.#putAnyhow(
          all.filter(({ placing }) => placing.over === undefined),
          answers,
        ),
        this.#putOver(
          all.filter((each): each is SeenOver => each.placing.over !== undefined),
          answers,
        ),
      ]);
    }
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

  /**
   * The nonce is replaced only if it still is the one that was seen: a put that is carried out long after it was given up
   * loses against whatever was put or invalidated in between. The frame is of no use without the nonce, so that both may
   * be sent together.
   */
  async #putAnyhow(all: readonly Seen[], answers: Map<Placing, Placed>): Promise<void> {
    let left = all;
    for (let attempt = 0; attempt < ATTEMPTS && left.length > 0; attempt++) {
      if (attempt > 0) left = await this.#see(left.map(({ placing }) => placing));
      const seen = await this.#planted(left);
      for (const { placing } of seen) answers.set(placing, 'refused');
      // What this process has invalidated by now may be what was seen.
      left = await this.#putOnce(
        seen.filter(({ placing }) => placing.mayGoOn()),
        answers,
      );
      for (const { placing } of left) answers.set(placing, 'refused');
    }
  }

  /** Says which have come too late. */
  async #putOnce(all: readonly Seen[], answers: Map<Placing, Placed>): Promise<readonly Seen[]> {
    for (const { placing } of all) answers.set(placing, 'unavailable');
    const some = all.filter(({ own }) => own !== null);
    const nonces = some.map(newNonce);
    const outcomes = await this.#do([
      ...some.map(({ placing, own }, i): Doing => {
        const key = this.keys.tag(placing.ownTag);
        const nonce = nonceBytes(nonces[i] as Nonce);
        return { key, run: (server) => server.swap(key, nonce, this.#nonceMs, own?.unique ?? '0') };
      }),
      ...some.map(({ placing: { key, ttlMs, frame } }, i): Doing => {
        const bytes = frame(nonces[i] as Nonce);
        return { key, run: (server) => server.set(key, bytes, ttlMs) };
      }),
    ]);
    for (const [i, { placing }] of some.entries()) {
      if (outcomes[i] === true && outcomes[some.length + i] === true)
        answers.set(placing, { nonce: nonces[i] as Nonce });
    }
    return some.filter((_, i) => outcomes[i] === false);
  }

  /** Where there is no nonce one is planted first: what is added late must not find that nothing was there to invalidate. */
  async #planted(all: readonly Seen[]): Promise<readonly Seen[]> {
    const missing = all.filter(({ own }) => own === undefined).map(({ placing }) => placing);
    if (missing.length === 0) return all;
    await this.plant(missing.map(({ ownTag }) => this.keys.tag(ownTag)));
    return [...all.filter(({ own }) => own !== undefined), ...(await this.#see(missing))];
  }

  async #see(placings: readonly Placing[]): Promise<readonly Seen[]> {
    const owns = await this.#getsEach(placings.map(({ ownTag }) => this.keys.tag(ownTag)));
    return placings.map((placing, i) => ({ placing, own: owns[i] }));
  }

  /**
   * PROTOCOL 4.11, Memcached. The frame is stored over the one that was seen, by a stamp that is good under the nonce that
   * was seen and under the next one; then the nonce is replaced. Whoever finds the one without the other finishes it.
   */
  async #putOver(all: readonly SeenOver[], answers: Map<Placing, Placed>): Promise<void> {
    const keyOf = ({ ownTag }: Placing): string => this.keys.tag(ownTag);
    const placings = all.map(({ placing }) => placing);
    const owns = all.map(({ own }) => own);
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
