import type { Cache } from '@viewcache/core';
import { type MikroOrmWatch, type WatchMikroOrmOptions, watchMikroOrm } from '@viewcache/orm/mikro-orm';
import type { ScenarioDriver } from '../driver.js';
import { entitiesOf } from './entities.js';
import { type Database, type Em, load, type Mikro, type Orm, type Version } from './versions.js';

/** What a test asks for beyond the usual: options of MikroORM, and entities. */
export type Options = Readonly<Record<string, unknown>> & { readonly entities?: readonly unknown[] };

/** The scenarios' way through MikroORM: one EntityManager for each call, and those of transactions. */
export class MikroDriver implements ScenarioDriver<Em> {
  readonly lacks: Readonly<Record<string, string>>;
  readonly orm: Orm;
  readonly mikro: Mikro;
  readonly entities: ReturnType<typeof entitiesOf>;
  readonly watch: MikroOrmWatch;

  private constructor(
    orm: Orm,
    mikro: Mikro,
    entities: ReturnType<typeof entitiesOf>,
    watched: Cache | WatchMikroOrmOptions,
    lacks: Readonly<Record<string, string>>,
  ) {
    this.orm = orm;
    this.mikro = mikro;
    this.entities = entities;
    this.watch = watchMikroOrm(orm, watched);
    this.lacks = lacks;
  }

  static async open(
    version: Version,
    database: Database,
    options: Options,
    watched: Cache | WatchMikroOrmOptions,
    lacks: Readonly<Record<string, string>> = {},
  ): Promise<MikroDriver> {
    const { orm, mikro, entities } = await openOrm(version, database, options);
    const driver = new MikroDriver(orm, mikro, entities, watched, lacks);
    await driver.watch.ready;
    return driver;
  }

  /** As each request has one. */
  get em(): Em {
    return this.orm.em.fork() as Em;
  }

  readonly reads = {
    user: (id: number) => this.em.findOne(this.entities.user, { id }),
    users: () => this.em.find(this.entities.user, {}, { orderBy: { id: 'ASC' } }),
    posts: () => this.em.find(this.entities.post, {}, { populate: ['user'], orderBy: { id: 'ASC' } } as never),
    postCount: () => this.em.count(this.entities.post),
    comments: () => this.em.find(this.entities.comment, {}, { orderBy: { id: 'ASC' } }),
    profiles: () => this.em.find(this.entities.profile, {}, { orderBy: { id: 'ASC' } }),
    tagsOf: (post: number) => this.em.find(this.entities.tag, { posts: { id: post } } as never),
  };

  readonly writes = {
    insertUser: (name: string, on = this.em) => on.insert(this.entities.user, { name } as never),
    insertUsers: (names: readonly string[], on = this.em) =>
      on.insertMany(this.entities.user, names.map((name) => ({ name })) as never),
    insertUserAs: (id: number, name: string, on = this.em) => on.insert(this.entities.user, { id, name } as never),
    insertPost: (title: string, user: number, on = this.em) => on.insert(this.entities.post, { title, user } as never),
    renameUser: (id: number, name: string, on = this.em) => on.nativeUpdate(this.entities.user, { id }, { name }),
    renameUsersWith: (email: string, name: string, on = this.em) =>
      on.nativeUpdate(this.entities.user, { email }, { name }),
    renameUserOr: (id: number, email: string, name: string, on = this.em) =>
      on.nativeUpdate(this.entities.user, { $or: [{ id }, { email }] } as never, { name }),
    saveUnchanged: async (id: number, on = this.em) => {
      await on.findOneOrFail(this.entities.user, { id });
      await on.flush();
    },
    deleteUser: (id: number, on = this.em) => on.nativeDelete(this.entities.user, { id }),
    increment: (post: number, on = this.em) =>
      on.nativeUpdate(this.entities.post, { id: post }, { views: this.mikro.raw('views + 1') } as never),
    upsertUser: (id: number, name: string, on = this.em) => on.upsert(this.entities.user, { id, name } as never),
    tag: async (post: number, tag: number, on = this.em) => {
      const found = await on.findOneOrFail(this.entities.post, { id: post });
      found.tags.add(on.getReference(this.entities.tag, tag));
      await on.flush();
    },
    raw: (sql: string, parameters: readonly unknown[] = [], on = this.em) => on.execute(sql, [...parameters]),
  };

  async transaction<T>(work: (tx: Em) => Promise<T>): Promise<T> {
    return await this.em.transactional((tx) => work(tx as Em));
  }

  async nested<T>(tx: Em, work: (tx: Em) => Promise<T>): Promise<T> {
    return await tx.transactional((inner) => work(inner as Em));
  }

  scopeOf(tx: Em): object {
    return tx;
  }

  async close(): Promise<void> {
    this.watch();
    await this.orm.close(true);
  }
}

/** An ORM that is connected, and that nobody watches. */
export async function openOrm(version: Version, database: Database, { entities: more = [], ...options }: Options) {
  const mikro = await load(version, database);
  const entities = entitiesOf(mikro);
  const orm = await mikro.MikroORM.init({
    ...(database === 'sqlite' && { dbName: ':memory:' }),
    discovery: { warnWhenNoEntities: false },
    entities: [...Object.values(entities), ...more],
    ...options,
  } as never);
  return { orm: orm as unknown as Orm, mikro, entities };
}
