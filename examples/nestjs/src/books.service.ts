import { Injectable } from '@nestjs/common';
import { Cacheable, CacheInvalidate } from '@viewcache/nestjs';
import type { Book, BookEdit } from './book.entity.js';
import { Database } from './database.js';

/** The books, with their results kept: ② whatever calls these methods goes with what they return, pages included. */
@Injectable()
export class Books {
  /** How often the database was asked. */
  queries = 0;

  constructor(private readonly database: Database) {}

  @Cacheable({ ttl: '10m', tags: ['books'] })
  async list(): Promise<Book[]> {
    this.queries++;
    return await this.database.books.find({ order: { title: 'ASC' } });
  }

  @Cacheable({ ttl: '10m', tags: (_book: Book | null, id: number) => [`books#${id}`] })
  async find(id: number): Promise<Book | null> {
    this.queries++;
    return await this.database.books.findOneBy({ id });
  }

  /** ③ When this has returned, nobody is shown what was before. */
  @CacheInvalidate({ tags: (_book: Book | null, id: number) => ['books', `books#${id}`] })
  async edit(id: number, edit: BookEdit): Promise<Book | null> {
    const { affected } = await this.database.books.update({ id }, edit);
    return affected === 0 ? null : await this.database.books.findOneBy({ id });
  }
}
