import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { Book } from './book.entity.js';

const BOOKS: readonly (readonly [title: string, author: string, price: number])[] = [
  ['The Dispossessed', 'Ursula K. Le Guin', 1295],
  ['Solaris', 'Stanisław Lem', 1150],
  ['Kindred', 'Octavia E. Butler', 1399],
  ['Roadside Picnic', 'Arkady and Boris Strugatsky', 1099],
  ['The Master and Margarita', 'Mikhail Bulgakov', 1450],
];

/** Writes the books of the shop into a database that is empty. */
@Injectable()
export class Seeds implements OnModuleInit {
  constructor(@InjectRepository(Book) private readonly table: Repository<Book>) {}

  async onModuleInit(): Promise<void> {
    const rows = BOOKS.map(([title, author, price], at) => {
      return { id: at + 1, title, author, price, cost: Math.round(price / 2) };
    });
    await this.table.insert(rows);
  }
}
