import type { TableMap } from '../tables/table-map.js';
import { isAnswered } from './failures.js';
import { type DbLike, type FailureLike, isDocument, type MongoClientLike } from './mongodb-types.js';
import { pipelineTables } from './pipeline.js';

/** A view, and the collections and views that it is made of. */
interface View {
  readonly name: string;
  readonly of: readonly string[];
}

/**
 * The views of the databases that a client writes to: a view is read by its own name, so who writes to what it is made of has to
 * name it. Asked for with the first write to each database, and anew when a view is made.
 */
export class KnownViews {
  readonly #client: MongoClientLike;
  readonly #isTold: (view: string) => boolean;
  readonly #changed: () => void;
  readonly #known = new Map<string, readonly View[]>();
  readonly #learning = new Map<string, Promise<boolean>>();

  /**
   * @param isTold - whether somebody has said what a view stands for: whoever reads it reads that
   * @param changed - called when there are others
   */
  constructor(client: MongoClientLike, isTold: (view: string) => boolean, changed: () => void) {
    this.#client = client;
    this.#isTold = isTold;
    this.#changed = changed;
  }

  knows(db: string): boolean {
    return this.#known.has(db);
  }

  /** Views have come, gone, or show something else. */
  forget(db: string): void {
    this.#known.delete(db);
    this.#learning.delete(db);
  }

  /** Asks for those of a database; resolves with whether it has some. */
  learn(db: string): Promise<boolean> {
    const before = this.#learning.get(db);
    if (before !== undefined) return before;
    const learning: Promise<boolean> = this.#ask(db).then(
      (views) => this.#learnt(db, views, learning),
      // Who may not ask has none that he is told of; where nobody has answered, the next write asks again.
      (error: FailureLike) => this.#learnt(db, isAnswered(error) ? [] : undefined, learning),
    );
    this.#learning.set(db, learning);
    return learning;
  }

  /** What is written to a collection is written to the views that are made of it. */
  fill(map: TableMap): void {
    for (const [schema, views] of this.#known)
      for (const { name, of } of views)
        for (const table of of) map.triggers({ table, schema }, [{ table: name, schema }]);
  }

  #learnt(db: string, views: readonly View[] | undefined, learning: Promise<boolean>): boolean {
    if (this.#learning.get(db) === learning) {
      this.#learning.delete(db);
      if (views !== undefined) this.#known.set(db, views);
    }
    if (views === undefined || views.length === 0) return false;
    this.#changed();
    return true;
  }

  async #ask(db: string): Promise<readonly View[]> {
    const found = await (this.#client.db(db) as DbLike).listCollections({ type: 'view' }).toArray();
    return found.flatMap(({ name, options }): readonly View[] => {
      if (typeof name !== 'string' || !isDocument(options) || this.#isTold(name)) return [];
      const { reads } = pipelineTables(options['pipeline'], db);
      const others = reads.filter((each) => each.db === db).map(({ collection }) => collection);
      return [{ name, of: [...new Set([String(options['viewOn']), ...others])] }];
    });
  }
}
