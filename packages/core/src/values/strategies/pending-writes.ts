import type { PendingWrite, WriteKey } from './write-queue.js';

/** What an entry costs beside its value and its key. */
const OVERHEAD = 200;

/** A write that waits, with what has been tried. */
export interface Entry {
  write: PendingWrite;
  /** The first write of the key that it stands for: later ones have taken its place, also of one that the database has refused. */
  firstVersion: number;
  /** When that was put, in monotonic time. */
  readonly queuedAt: number;
  /** So often it alone was refused. */
  attempts: number;
  firstFailedAt: number | undefined;
  /** Of one that was refused alone: when it is tried again. */
  retryAt: number;
  /** Its user is being told that it is given up. */
  givingUp?: Promise<void>;
}

/** Writes by key, the newest of each, in the order in which their keys came. */
export class PendingWrites {
  /** Those that may go together, and have not been sent: the longer one waits the further in front it is. */
  readonly #ready = new Map<string, Entry>();
  /** Those that may go together and are due, whatever waits in front: they were sent, or a flush waits for them. */
  readonly #again = new Map<string, Entry>();
  /** Those that the database has refused by themselves: each goes alone. */
  readonly #suspects = new Map<string, Entry>();
  /** Those that are on their way. */
  readonly #flying = new Map<string, Entry>();
  /** Keys with one on its way, and a newer one that waits for it. */
  #twice = 0;
  #bytes = 0;
  /** What was put up to here is not to wait. */
  #flushUpTo = 0;
  /** The others go first every other time: of those that go again, each may be refused again. */
  #isAgainFirst = false;

  /** How many keys have any. */
  get size(): number {
    return this.readySize + this.#suspects.size + this.#flying.size;
  }

  /** Whether any is on its way. */
  get isFlying(): boolean {
    return this.#flying.size > 0;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** So many may go now: not those that wait for one of their key that is on its way. */
  get readySize(): number {
    return this.#ready.size + this.#again.size - this.#twice;
  }

  /** Bytes that are let go of when another write of its key comes. */
  replacedBy(key: WriteKey): number {
    const entry = this.#waitingOf(String(key)) ?? this.#suspects.get(String(key));
    return entry === undefined ? 0 : weightOf(entry.write);
  }

  has(key: WriteKey): boolean {
    return this.find(key) !== undefined;
  }

  /** The newest write of a key. */
  find(key: WriteKey): PendingWrite | undefined {
    const text = String(key);
    return (this.#waitingOf(text) ?? this.#suspects.get(text) ?? this.#flying.get(text))?.write;
  }

  put(write: PendingWrite, now: number): void {
    const text = String(write.key);
    // Whatever was wrong with what was there, this is another value.
    const suspect = this.#suspects.get(text);
    if (suspect !== undefined) this.#drop(this.#suspects, text, suspect);
    const waiting = this.#waitingOf(text);
    if (waiting === undefined) {
      const firstVersion = suspect?.firstVersion ?? write.version;
      const entry = { write, firstVersion, queuedAt: now, attempts: 0, firstFailedAt: undefined, retryAt: 0 };
      this.#add(this.isFlushed(entry) && suspect !== undefined ? this.#again : this.#ready, text, entry);
      if (this.#flying.has(text)) this.#twice++;
    } else if (waiting.write.version < write.version) {
      this.#bytes += weightOf(write) - weightOf(waiting.write);
      waiting.write = write;
    }
  }

  /** Whether any that may go together is due, whatever the others are. */
  get hasDue(): boolean {
    return this.#again.size > 0;
  }

  /** Whether a flush waits for it. */
  isFlushed({ firstVersion }: Entry): boolean {
    return firstVersion <= this.#flushUpTo;
  }

  /** The one that has waited for longest, of those that may go together and have not been sent. */
  get first(): Entry | undefined {
    for (const [text, entry] of this.#ready) if (!this.#flying.has(text)) return entry;
    return undefined;
  }

  /** The one that was refused by itself and is tried again first. */
  get nextSuspect(): Entry | undefined {
    let next: Entry | undefined;
    for (const entry of this.#suspects.values()) if (next === undefined || entry.retryAt < next.retryAt) next = entry;
    return next;
  }

  /** Takes those that are due, and the first of the others, for as long as they are to go. */
  take(most: number, isDue: (entry: Entry) => boolean): readonly Entry[] {
    this.#isAgainFirst = !this.#isAgainFirst;
    const taken: Entry[] = [];
    for (const from of this.#isAgainFirst ? [this.#again, this.#ready] : [this.#ready, this.#again]) {
      for (const [text, entry] of from) {
        if (this.#flying.has(text)) continue;
        if (taken.length >= most || (from === this.#ready && !isDue(entry))) break;
        taken.push(entry);
        from.delete(text);
      }
    }
    for (const entry of taken) this.#flying.set(String(entry.write.key), entry);
    return taken;
  }

  takeSuspect(entry: Entry): readonly Entry[] {
    const text = String(entry.write.key);
    this.#suspects.delete(text);
    this.#flying.set(text, entry);
    return [entry];
  }

  /** It has come to an end. */
  end(entry: Entry): void {
    const text = String(entry.write.key);
    if (this.#ready.has(text) && this.#flying.has(text)) this.#twice--;
    this.#drop(this.#flying, text, entry);
  }

  /**
   * It has not, and goes once more, unless a newer write of its key has come meanwhile: that stands for it from now on.
   *
   * @returns false where there is such
   */
  putBack(entry: Entry, isSuspect: boolean): boolean {
    this.end(entry);
    const text = String(entry.write.key);
    const newer = this.#ready.get(text);
    if (newer !== undefined) {
      newer.firstVersion = Math.min(newer.firstVersion, entry.firstVersion);
      if (this.isFlushed(newer)) {
        this.#ready.delete(text);
        this.#again.set(text, newer);
      }
      return false;
    }
    this.#add(isSuspect ? this.#suspects : this.#again, text, entry);
    return true;
  }

  /** Lets what was put up to a version wait no more, and all that were refused be tried at once. */
  hurry(version: number, now: number): void {
    this.#flushUpTo = version;
    for (const entry of this.#suspects.values()) entry.retryAt = Math.min(entry.retryAt, now);
  }

  /** Whether any write that was put up to a version is not in the database yet. */
  hasUpTo(version: number): boolean {
    for (const entry of this.#entries()) if (entry.firstVersion <= version) return true;
    return false;
  }

  /** Empties it. */
  takeAll(): readonly Entry[] {
    const all = [...this.#entries()];
    for (const writes of [this.#flying, this.#suspects, this.#again, this.#ready]) writes.clear();
    this.#twice = 0;
    this.#bytes = 0;
    return all;
  }

  *#entries(): Iterable<Entry> {
    yield* this.#flying.values();
    yield* this.#suspects.values();
    yield* this.#again.values();
    yield* this.#ready.values();
  }

  #waitingOf(text: string): Entry | undefined {
    return this.#ready.get(text) ?? this.#again.get(text);
  }

  #add(to: Map<string, Entry>, text: string, entry: Entry): void {
    to.set(text, entry);
    this.#bytes += weightOf(entry.write);
  }

  #drop(from: Map<string, Entry>, text: string, entry: Entry): void {
    if (from.delete(text)) this.#bytes -= weightOf(entry.write);
  }
}

/** Bytes that a write holds. */
export function weightOf({ key, bytes }: PendingWrite): number {
  return OVERHEAD + 2 * String(key).length + (bytes?.length ?? 0);
}
