import { registerClass } from '@viewcache/core';
import { Exclude } from 'class-transformer';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A book of the shop: one row of the table `book`. */
@Entity('book')
export class Book {
  @PrimaryColumn('integer')
  id!: number;

  @Column('text')
  title!: string;

  @Column('text')
  author!: string;

  /** In cents. */
  @Column('integer')
  price!: number;

  /** What the shop has paid, in cents: nobody's business, and so in no answer, from the cache or not. */
  @Exclude()
  @Column('integer')
  cost!: number;
}

// Results of `@Cacheable()` come back as books, and not as objects that look like them.
registerClass(Book);

/** What can be changed of a book. */
export type BookEdit = Partial<Pick<Book, 'title' | 'price'>>;
