import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Cacheable } from '@viewcache/nestjs';
import type { Repository } from 'typeorm';
import { Book, type BookEdit } from './book.entity.js';

/** The books, with their results kept: ② whatever calls these methods goes with what they return, pages included. */
@Injectable()
export class Books {
  /** How often the database was asked. */
  queries = 0;

  constructor(@InjectRepository(Book) private readonly table: Repository<Book>) {}

  @Cacheable('10m')
  async list(): Promise<Book[]> {
    this.queries++;
    return await this.table.find({ order: { title: 'ASC' } });
  }

  @Cacheable('10m')
  async find(id: number): Promise<Book | null> {
    this.queries++;
    return await this.table.findOneBy({ id });
  }

  /** When this has returned, nobody is shown what was before: there is nothing to say of the cache here. */
  async edit(id: number, edit: BookEdit): Promise<Book | null> {
    const { affected } = await this.table.update({ id }, edit);
    return affected === 0 ? null : await this.table.findOneBy({ id });
  }
}
