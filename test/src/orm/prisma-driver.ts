import type { Cache } from '@viewcache/core';
import { type PrismaWatch, type WatchPrismaOptions, watchPrisma } from '@viewcache/orm/prisma';
import type { ScenarioDriver } from './driver.js';
import type { Client, Tx } from './prisma/client.js';

/** Tables that only Prisma's scenarios have: labels of posts, through a table that Prisma makes by itself. */
export const PRISMA_TABLES = `
CREATE TABLE labels (id serial PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE "_LabelToPost" ("A" int NOT NULL REFERENCES labels ON DELETE CASCADE ON UPDATE CASCADE,
  "B" int NOT NULL REFERENCES posts ON DELETE CASCADE ON UPDATE CASCADE, PRIMARY KEY ("A", "B"));
`;

/** What no database has through Prisma. */
export const LACKS = { 3: 'Prisma has no entities: what is not to be changed is not sent' };

/** The scenarios' way through Prisma: a client with a driver adapter, and the clients of its transactions. */
export class PrismaDriver implements ScenarioDriver<Tx> {
  readonly lacks: Readonly<Record<string, string>>;
  readonly client: Client;
  readonly watch: PrismaWatch;

  private constructor(client: Client, watch: PrismaWatch, lacks: Readonly<Record<string, string>>) {
    this.client = client;
    this.watch = watch;
    this.lacks = { ...LACKS, ...lacks };
  }

  static async open(
    client: Client,
    watched: Cache | WatchPrismaOptions,
    lacks: Readonly<Record<string, string>> = {},
  ): Promise<PrismaDriver> {
    const watch = watchPrisma(client, watched);
    await watch.ready;
    return new PrismaDriver(client, watch, lacks);
  }

  readonly reads = {
    user: (id: number) => this.client.user.findUnique({ where: { id } }),
    users: () => this.client.user.findMany({ orderBy: { id: 'asc' } }),
    posts: () => this.client.post.findMany({ include: { user: true }, orderBy: { id: 'asc' } }),
    postCount: () => this.client.post.count(),
    comments: () => this.client.comment.findMany({ orderBy: { id: 'asc' } }),
    profiles: () => this.client.profile.findMany({ orderBy: { id: 'asc' } }),
    tagsOf: (post: number) => this.client.tag.findMany({ where: { posts: { some: { postId: post } } } }),
  };

  readonly writes = {
    insertUser: (name: string, on?: Tx) => this.#on(on).user.create({ data: { name } }),
    insertUsers: (names: readonly string[], on?: Tx) =>
      this.#on(on).user.createManyAndReturn({ data: names.map((name) => ({ name })) }),
    insertUserAs: (id: number, name: string, on?: Tx) => this.#on(on).user.create({ data: { id, name } }),
    insertPost: (title: string, userId: number, on?: Tx) => this.#on(on).post.create({ data: { title, userId } }),
    renameUser: (id: number, name: string, on?: Tx) => this.#on(on).user.update({ where: { id }, data: { name } }),
    renameUsersWith: (email: string, name: string, on?: Tx) =>
      this.#on(on).user.updateMany({ where: { email }, data: { name } }),
    renameUserOr: (id: number, email: string, name: string, on?: Tx) =>
      this.#on(on).user.updateMany({ where: { OR: [{ id }, { email }] }, data: { name } }),
    deleteUser: (id: number, on?: Tx) => this.#on(on).user.delete({ where: { id } }),
    increment: (id: number, on?: Tx) => this.#on(on).post.update({ where: { id }, data: { views: { increment: 1 } } }),
    upsertUser: (id: number, name: string, on?: Tx) =>
      this.#on(on).user.upsert({ where: { id }, create: { id, name }, update: { name } }),
    tag: (postId: number, tagId: number, on?: Tx) => this.#on(on).postTag.create({ data: { postId, tagId } }),
    raw: (sql: string, parameters: readonly unknown[] = [], on?: Tx) =>
      this.#on(on).$executeRawUnsafe(sql, ...parameters),
  };

  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return await this.client.$transaction(work);
  }

  async nested<T>(tx: Tx, work: (tx: Tx) => Promise<T>): Promise<T> {
    return await tx.$transaction(work);
  }

  scopeOf(tx: Tx): object {
    return tx;
  }

  async close(): Promise<void> {
    this.watch();
    await this.client.$disconnect();
  }

  #on(tx: Tx | undefined): Tx {
    return tx ?? this.client;
  }
}
