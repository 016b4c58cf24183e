import { Controller, Get, Header, NotFoundException, Param, ParseIntPipe } from '@nestjs/common';
import { CacheView } from '@viewcache/nestjs';
import type { Book } from './book.entity.js';
import { Books } from './books.service.js';

/** What everybody sees. ① Each page is made once, and then answered from the cache. */
@Controller()
@CacheView('5m')
export class ShopController {
  constructor(private readonly books: Books) {}

  /** The same for everybody, whatever guards the app may have: they do not even run when it is answered from the cache. */
  @Get()
  @CacheView({ beforeGuards: true })
  @Header('Content-Type', 'text/html; charset=utf-8')
  async front(): Promise<string> {
    const items = (await this.books.list()).map(
      ({ title, author }) => `<li>${escaped(title)}, by ${escaped(author)}</li>`,
    );
    return `<!doctype html><title>Books</title><h1>Books</h1><ul>${items.join('')}</ul>`;
  }

  @Get('books')
  async list(): Promise<Book[]> {
    return await this.books.list();
  }

  @Get('books/:id')
  async show(@Param('id', ParseIntPipe) id: number): Promise<Book> {
    const book = await this.books.find(id);
    if (book === null) throw new NotFoundException('no such book');
    return book;
  }
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}
