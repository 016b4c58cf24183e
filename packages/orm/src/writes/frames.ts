import { WriteBatch } from './batch.js';

/** One level of a transaction: the transaction itself, or what came after a savepoint. */
interface Frame {
  /** `undefined` for the transaction itself. */
  readonly savepoint: string | undefined;
  writes: WriteBatch;
}

interface Transaction {
  readonly frames: [Frame, ...Frame[]];
  /** The moment at which it began: a view that began later may see an older snapshot through it. */
  readonly openedAt: number;
  /** SQLite: the savepoint that has begun it, and ends it when it is released. */
  readonly endsWith: string | undefined;
  /** Something was written in it at some time, taken back or not. */
  hasWritten: boolean;
  /** It may have ended already, without anybody having heard of it. */
  isDoubtful: boolean;
  /** Nobody knows whether it was open at all. */
  isGuessed: boolean;
}

const NOTHING: Readonly<UnderWay> = { writing: 0, beginning: 0 };
const NEW = { hasWritten: false, isDoubtful: false, isGuessed: false };

/** Statements under way, which may have been carried out before anybody hears of it. */
interface UnderWay {
  /** Those that may write. */
  writing: number;
  /** Those that begin a transaction. */
  beginning: number;
}

/**
 * The transactions that are open, each by its scope: the connection, or whatever object an adapter has for it.
 *
 * Savepoints push a frame, releasing one merges what is above it, rolling back to one drops it. Their names may repeat: the
 * latest is meant, as in SQL.
 */
export class Frames {
  readonly #open = new WeakMap<object, Transaction>();
  readonly #underWay = new WeakMap<object, UnderWay>();
  readonly #maxRows: number;

  /** @param maxRows - see {@link WriteBatch} */
  constructor(maxRows: number) {
    this.#maxRows = maxRows;
  }

  isOpen(scope: object): boolean {
    return this.#open.has(scope);
  }

  /** Whether it may have ended already: what is written there then is committed at once. */
  isDoubtful(scope: object): boolean {
    return this.#open.get(scope)?.isDoubtful === true;
  }

  /** @param isDoubtful - false: somebody has heard that it is open */
  doubt(scope: object, isDoubtful: boolean): void {
    const transaction = this.#open.get(scope);
    if (transaction === undefined) return;
    transaction.isDoubtful = isDoubtful;
    transaction.isGuessed &&= isDoubtful;
  }

  /** Begins one of which nobody knows whether it is open: what is written there may be committed at once. */
  guess(scope: object): void {
    if (this.#open.has(scope)) return;
    this.begin(scope, 0);
    Object.assign(this.#open.get(scope) ?? {}, { isDoubtful: true, isGuessed: true });
  }

  /** Whether nobody knows that it has ever been open. */
  isGuessed(scope: object): boolean {
    return this.#open.get(scope)?.isGuessed === true;
  }

  /** Whether what is read there may be what nobody else sees. */
  hasWritten(scope: object): boolean {
    const transaction = this.#open.get(scope);
    const { writing, beginning } = this.#underWay.get(scope) ?? NOTHING;
    // What is sent right behind a BEGIN may have been carried out before anybody hears of that.
    if (transaction === undefined) return beginning > 0 && writing > 0;
    return transaction.hasWritten || writing > 0;
  }

  /** The moment at which the transaction began. */
  openedAt(scope: object): number | undefined {
    return this.#open.get(scope)?.openedAt;
  }

  /** Begins a transaction; within one, which a database takes for a mistake, nothing changes. */
  begin(scope: object, openedAt: number, endsWith?: string): void {
    if (this.#open.has(scope)) return;
    this.#open.set(scope, { frames: [this.#frame(undefined)], openedAt, endsWith, ...NEW });
  }

  /** Where what is written now belongs; `undefined` where no transaction is open: it is committed already. */
  current(scope: object): WriteBatch | undefined {
    return this.#open.get(scope)?.frames.at(-1)?.writes;
  }

  /** Adds to the innermost frame. */
  write(scope: object, writes: WriteBatch): void {
    const transaction = this.#open.get(scope);
    if (transaction === undefined) return;
    transaction.hasWritten = true;
    transaction.frames.at(-1)?.writes.merge(writes);
  }

  /**
   * A text is being sent that may write, or begins a transaction.
   *
   * @returns to be called when it is known what it has done
   */
  sending(scope: object, { begins, writes }: { readonly begins: boolean; readonly writes: boolean }): () => void {
    const underWay = this.#underWay.get(scope) ?? { ...NOTHING };
    this.#underWay.set(scope, underWay);
    const count = (by: 1 | -1): void => {
      if (writes) underWay.writing += by;
      if (begins) underWay.beginning += by;
    };
    count(1);
    return () => count(-1);
  }

  savepoint(scope: object, name: string): void {
    this.#open.get(scope)?.frames.push(this.#frame(name));
  }

  /**
   * What was written since the savepoint belongs to what is around it.
   *
   * @returns true where that ends the transaction, which the savepoint has begun
   */
  release(scope: object, name: string): boolean {
    const transaction = this.#open.get(scope);
    if (transaction === undefined) return false;
    const { frames, endsWith } = transaction;
    const at = lastNamed(frames, name);
    if (at < 1) return false;
    for (const { writes } of frames.splice(at)) frames[at - 1]?.writes.merge(writes);
    return at === 1 && endsWith === name;
  }

  /** What was written since the savepoint was not; the savepoint itself stays. */
  rollbackTo(scope: object, name: string): void {
    const frames = this.#open.get(scope)?.frames;
    const at = frames === undefined ? -1 : lastNamed(frames, name);
    if (frames === undefined || at < 1) return;
    frames.splice(at, Number.POSITIVE_INFINITY, this.#frame(name));
  }

  /** Ends the transaction; what it wrote is everybody's now. */
  commit(scope: object): WriteBatch | undefined {
    const writes = this.peek(scope);
    this.#open.delete(scope);
    return writes;
  }

  /** All that was written in it and not taken back, while it goes on. */
  peek(scope: object): WriteBatch | undefined {
    const transaction = this.#open.get(scope);
    if (transaction === undefined) return undefined;
    const all = new WriteBatch(this.#maxRows);
    for (const { writes } of transaction.frames) all.merge(writes);
    return all;
  }

  /** Ends the transaction, by the app or because its connection went: nothing was written. */
  rollback(scope: object): void {
    this.#open.delete(scope);
  }

  #frame(savepoint: string | undefined): Frame {
    return { savepoint, writes: new WriteBatch(this.#maxRows) };
  }
}

function lastNamed(frames: readonly Frame[], name: string): number {
  return frames.findLastIndex(({ savepoint }) => savepoint === name);
}
