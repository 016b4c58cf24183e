import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { DataSource, type Repository } from 'typeorm';
import { Book } from './book.entity.js';

const BOOKS: readonly (readonly [title: string, author: string, price: number])[] = [
  ['The Dispossessed', 'Ursula K. Le Guin', 1295],
  ['Solaris', 'Stanisław Lem', 1150],
  ['Kindred', 'Octavia E. Butler', 1399],
  ['Roadside Picnic', 'Arkady and Boris Strugatsky', 1099],
  ['The Master and Margarita', 'Mikhail Bulgakov', 1450],
];

/** An SQLite database in memory, as WebAssembly, with the books of the shop. */
@Injectable()
export class Database implements OnModuleInit, OnApplicationShutdown {
  readonly #source = new DataSource({ type: 'sqljs', entities: [Book], synchronize: true });

  get books(): Repository<Book> {
    return this.#source.getRepository(Book);
  }

  async onModuleInit(): Promise<void> {
    await this.#source.initialize();
    const rows = BOOKS.map(([title, author, price], at) => {
      return { id: at + 1, title, author, price, cost: Math.round(price / 2) };
    });
    await this.books.insert(rows);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#source.destroy();
  }
}
