import {
  BadRequestException,
  Body,
  Controller,
  Get,
  NotFoundException,
  Param,
  ParseIntPipe,
  Put,
  UseGuards,
} from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';
import { CacheView, NeverCache, ViewCache } from '@viewcache/nestjs';
import type { Book, BookEdit } from './book.entity.js';
import { Books } from './books.service.js';
import { StaffGuard } from './staff.guard.js';

/** What the shop is worth. */
interface Worth {
  readonly books: number;
  readonly cents: number;
}

/** What staff see and change. The guard stands in front of the cache: without the token there is no answer, stored or not. */
@Controller('staff')
@ApiBearerAuth()
@UseGuards(StaffGuard)
export class StaffController {
  constructor(
    private readonly books: Books,
    private readonly cache: ViewCache,
  ) {}

  /** A page for all who have the token: by `vary`, it may be stored though the request has credentials. */
  @Get('worth')
  @CacheView({ ttl: '5m', vary: ['authorization'] })
  async worth(): Promise<Worth> {
    const books = await this.books.list();
    return { books: books.length, cents: books.reduce((sum, { cost }) => sum + cost, 0) };
  }

  @Put('books/:id')
  async edit(@Param('id', ParseIntPipe) id: number, @Body() body: unknown): Promise<Book> {
    const book = await this.books.edit(id, editIn(body));
    if (book === null) throw new NotFoundException('no such book');
    return book;
  }

  @Get('cache')
  @NeverCache()
  stats(): object {
    return { queries: this.books.queries, ...this.cache.stats() };
  }
}

function editIn(body: unknown): BookEdit {
  const { title, price, ...more } = (body ?? {}) as Record<string, unknown>;
  const isTitle = title === undefined || (typeof title === 'string' && title.trim() !== '');
  const isPrice = price === undefined || (typeof price === 'number' && Number.isSafeInteger(price) && price > 0);
  if (!isTitle || !isPrice || (title ?? price) === undefined || Object.keys(more).length > 0) {
    throw new BadRequestException('send { "title": "…" } or { "price": cents }, or both');
  }
  return { ...(title === undefined ? {} : { title }), ...(price === undefined ? {} : { price }) } as BookEdit;
}
