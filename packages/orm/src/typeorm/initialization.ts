import { ConfigError } from '@viewcache/core';
import { runtimeOf } from '@viewcache/core/node';
import type { WatchSettings } from '../source/read-options.js';
import type { EntitySource } from '../sql/entity-source.js';
import type { DataSourceLike } from './typeorm-types.js';

/** The app starts without its tables where the database does not tell them by then. */
const LONGEST_MS = 5_000;

/** Reads the tables of a data source when it is initialized, and not before. */
export class Initialization {
  readonly #dataSource: DataSourceLike;
  readonly #settings: WatchSettings;
  readonly #opened: Pick<EntitySource, 'reader' | 'forget'>;
  /** While it goes on. */
  #underWay: Promise<void> | undefined;

  constructor(dataSource: DataSourceLike, settings: WatchSettings, opened: Pick<EntitySource, 'reader' | 'forget'>) {
    this.#dataSource = dataSource;
    this.#settings = settings;
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
      await this.#known();
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

  /** That it fails is told by the reader, and is no reason for an app not to start. */
  async #known(): Promise<void> {
    const clock = runtimeOf(this.#settings.cache)?.clock;
    await new Promise<void>((resolve) => {
      const timer = clock?.after(LONGEST_MS, resolve);
      const done = (): void => {
        timer?.cancel();
        resolve();
      };
      this.#opened.reader.ready().then(done, done);
    });
  }
}
