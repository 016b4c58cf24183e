import type { ReadCollection } from './command-reads.js';
import { type BsonDocument, isDocument } from './mongodb-types.js';

/** Cursors that somebody may have given up without a word. */
const MOST = 1_000;

/** What open cursors read beside the collection that they name: what is asked of them later reads it, too. */
export class OpenCursors {
  readonly #reads = new Map<string, readonly ReadCollection[]>();

  /** A command that reads several collections has ended. */
  opened(reply: BsonDocument | undefined, reads: readonly ReadCollection[]): void {
    const cursor = reply?.['cursor'];
    const id = isDocument(cursor) ? String(cursor['id']) : '0';
    if (id === '0') return;
    const [oldest] = this.#reads.keys();
    if (oldest !== undefined && this.#reads.size >= MOST) this.#reads.delete(oldest);
    this.#reads.set(id, reads);
  }

  of(getMore: BsonDocument): readonly ReadCollection[] {
    return this.#reads.get(String(getMore['getMore'])) ?? [];
  }
}
