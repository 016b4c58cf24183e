import { type Cache, ConfigError } from '@viewcache/core';
import type { EntitySource } from '../sql/entity-source.js';
import { knownInTime } from '../sql/known-in-time.js';
import type { DataSourceLike } from './typeorm-types.js';

/** Reads the tables of a data source when it is initialized, and not before. */
export class Initialization {
  readonly #dataSource: DataSourceLike;
  readonly #cache: Cache;
  readonly #opened: Pick<EntitySource, 'reader' | 'forget'>;
  /** While it goes on. */
  #underWay: Promise<void> | undefined;

  constructor(dataSource: DataSourceLike, cache: Cache, opened: Pick<EntitySource, 'reader' | 'forget'>) {
    this.#dataSource = dataSource;
    this.#cache = cache;
    this.#opened = opened;
  }

  /** Whether the database may be asked. While it is initialized its tables may be made, and soon be other ones. */
  get isOver(): boolean {
    return this.#dataSource.isInitialized && this.#underWay === undefined;
  }

  /**
   * The data source begins to be initialized.
   *
   * @returns to be called when it has been, or has failed; resolves when the tables are known, or cannot be for now
   */
  begin(): () => Promise<void> {
    let end = (): void => {};
    const underWay = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#underWay = underWay;
    return async () => {
      if (this.#underWay === underWay) this.#underWay = undefined;
      end();
      if (!this.#dataSource.isInitialized) return;
      this.#opened.forget();
      await knownInTime(this.#opened.reader, this.#cache);
    };
  }

  /** Resolves when the tables are known. */
  async ready(): Promise<void> {
    await this.#underWay;
    if (!this.#opened.reader.isAsking) return;
    if (!this.#dataSource.isInitialized)
      throw new ConfigError(
        'watchTypeOrm.ready',
        'the data source',
        'await its initialize(), which resolves when the tables are known',
        undefined,
        'is not initialized',
      );
    await this.#opened.reader.ready();
  }
}
