import type { Cache } from '@viewcache/core';
import { type TypeOrmWatch, type WatchTypeOrmOptions, watchTypeOrm } from '@viewcache/orm/typeorm';
import type { DataSource, DataSourceOptions, EntityManager, EntitySchema } from 'typeorm';
import * as typeorm from 'typeorm';
import * as typeorm03 from 'typeorm03';
import type { ScenarioDriver } from './driver.js';
import { entitiesOf } from './typeorm-entities.js';

/** Both versions: what is the same in their types is that of the newer one. */
export const VERSIONS = { '1': typeorm, '0.3': typeorm03 as unknown as typeof typeorm } as const;
export type Version = keyof typeof VERSIONS;

/** Without what it is to be asked for: which entities there are. */
export type Options = { readonly type: 'postgres' | 'mariadb' | 'sqljs' } & Readonly<Record<string, unknown>>;

/** The scenarios' way through TypeORM: repositories, and managers for transactions. */
export class TypeOrmDriver implements ScenarioDriver<EntityManager> {
  readonly lacks: Readonly<Record<string, string>>;
  readonly source: DataSource;
  readonly entities: ReturnType<typeof entitiesOf>;
  readonly watch: TypeOrmWatch;

  private constructor(
    source: DataSource,
    entities: ReturnType<typeof entitiesOf>,
    watch: TypeOrmWatch,
    lacks: Readonly<Record<string, string>>,
  ) {
    this.source = source;
    this.entities = entities;
    this.watch = watch;
    this.lacks = lacks;
  }

  static async open(
    version: Version,
    options: Options,
    watched: Cache | WatchTypeOrmOptions,
    lacks: Readonly<Record<string, string>> = {},
    more: readonly EntitySchema<never>[] = [],
  ): Promise<TypeOrmDriver> {
    const { DataSource, EntitySchema } = VERSIONS[version];
    const entities = entitiesOf(EntitySchema);
    const source = new DataSource({
      ...options,
      entities: [...Object.values(entities), ...more],
    } as unknown as DataSourceOptions);
    const watch = watchTypeOrm(source, watched);
    await source.initialize();
    return new TypeOrmDriver(source, entities, watch, lacks);
  }

  readonly reads = {
    user: (id: number) => this.source.getRepository(this.entities.user).findOneBy({ id }),
    users: () => this.source.getRepository(this.entities.user).find({ order: { id: 'ASC' } }),
    posts: () =>
      this.source.getRepository(this.entities.post).find({ relations: { user: true }, order: { id: 'ASC' } }),
    postCount: () => this.source.getRepository(this.entities.post).count(),
    comments: () => this.source.getRepository(this.entities.comment).find({ order: { id: 'ASC' } }),
    profiles: () => this.source.getRepository(this.entities.profile).find({ order: { id: 'ASC' } }),
    tagsOf: (post: number) => this.source.createQueryBuilder().relation(this.entities.post, 'tags').of(post).loadMany(),
  };

  readonly writes = {
    insertUser: (name: string, on?: EntityManager) => this.#users(on).insert({ name }),
    insertUsers: (names: readonly string[], on?: EntityManager) =>
      this.#users(on).insert(names.map((name) => ({ name }))),
    insertUserAs: (id: number, name: string, on?: EntityManager) => this.#withKey(id, name, on).execute(),
    insertPost: (title: string, user: number, on?: EntityManager) =>
      this.#posts(on).insert({ title, user: { id: user } }),
    renameUser: (id: number, name: string, on?: EntityManager) => this.#users(on).update(id, { name }),
    renameUsersWith: (email: string, name: string, on?: EntityManager) => this.#users(on).update({ email }, { name }),
    renameUserOr: (id: number, email: string, name: string, on?: EntityManager) =>
      this.#users(on)
        .createQueryBuilder()
        .update()
        .set({ name })
        .where('id = :id OR email = :email', { id, email })
        .execute(),
    saveUnchanged: async (id: number, on?: EntityManager) => {
      const user = await this.#users(on).findOneByOrFail({ id });
      await this.#users(on).save(user);
    },
    deleteUser: (id: number, on?: EntityManager) => this.#users(on).delete(id),
    increment: (post: number, on?: EntityManager) => this.#posts(on).increment({ id: post }, 'views', 1),
    upsertUser: (id: number, name: string, on?: EntityManager) =>
      this.#withKey(id, name, on).orUpdate(['name'], ['id']).execute(),
    tag: (post: number, tag: number, on?: EntityManager) =>
      (on ?? this.source).createQueryBuilder().relation(this.entities.post, 'tags').of(post).add(tag),
    raw: (sql: string, parameters?: readonly unknown[], on?: EntityManager) =>
      (on ?? this.source.manager).query(sql, parameters === undefined ? undefined : [...parameters]),
  };

  async transaction<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return await this.source.transaction(work);
  }

  async nested<T>(tx: EntityManager, work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return await tx.transaction(work);
  }

  scopeOf(tx: EntityManager): object {
    return tx;
  }

  async close(): Promise<void> {
    this.watch();
    await this.source.destroy();
  }

  /** `insert()` and `upsert()` of a repository leave out the key on PostgreSQL, where that is one that the database makes. */
  #withKey(id: number, name: string, on: EntityManager | undefined) {
    return this.#users(on).createQueryBuilder().insert().into(this.entities.user, ['id', 'name']).values({ id, name });
  }

  #users(on: EntityManager | undefined) {
    return (on ?? this.source.manager).getRepository(this.entities.user);
  }

  #posts(on: EntityManager | undefined) {
    return (on ?? this.source.manager).getRepository(this.entities.post);
  }
}
