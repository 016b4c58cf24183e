import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, Param, Post, Query, RequestMethod, Version, VersioningType } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { type CacheEvent, ConfigError } from '@viewcache/core';
import { CacheView, RouteUrls, ViewCache } from '@viewcache/nestjs';
import { closeNestsAfterEach, nests, serveNest } from './nests.js';

closeNestsAfterEach();

const origin = 'http://www.example.com';
const visitor = { host: 'www.example.com' };

/** Resolves when so many have been stored. */
function stored(cache: ViewCache, count: number): Promise<void> {
  return new Promise((resolve) => {
    let left = count;
    const stop = cache.on((event: CacheEvent) => {
      if (event.type !== 'stored' || --left > 0) return;
      stop();
      resolve();
    });
  });
}

describe.each(nests)('warming an app of Nest on %s', (_name, make) => {
  it('asks for what handlers answer, when it listens', async () => {
    const ran: string[] = [];
    @Controller('cities')
    class Cities {
      @Get(':id')
      @CacheView('1h')
      findOne(@Param('id') id: string, @Query('lang') lang: string) {
        ran.push(`${id} ${lang}`);
        return { id, lang };
      }
    }
    let isStored: Promise<void> | undefined;
    const site = await serveNest(make, [Cities], {
      options: {
        warmOnStart: {
          origin,
          source: (routes) => [1, 2].map((id) => routes.of(Cities, 'findOne', { id, lang: 'de' })),
        },
      },
      configure: (app) => {
        app.setGlobalPrefix('api');
        isStored = stored(app.get(ViewCache), 2);
      },
    });
    await isStored;
    const reply = await site.get('/api/cities/1?lang=de', visitor);
    expect(reply).toMatchObject({ isHit: true, text: '{"id":"1","lang":"de"}' });
    expect(ran.sort()).toEqual(['1 de', '2 de']);
    // The server of the app is known by now.
    const result = await site.cache.warm(['/api/cities/2?lang=de', '/api/cities/3'], { origin });
    expect(result).toMatchObject({ hits: 1, stored: 1, problems: [] });
  });

  it('finds the URLs that routes have', async () => {
    @Controller({ path: 'news', version: '2' })
    class News {
      @Get()
      all(): string {
        return 'all';
      }

      @Get(['by/:author/:year', 'of/:author'])
      by(@Param('author') author: string): string {
        return `by ${author}`;
      }

      @Version('3')
      @Get('latest')
      latest(): string {
        return 'latest';
      }

      @Post('write')
      write(): void {}
    }
    @Controller()
    class Home {
      @Get('health')
      health(): string {
        return 'well';
      }
    }
    @Module({ controllers: [News] })
    class NewsModule {}
    const routing = RouterModule.register([{ path: 'press', module: NewsModule }]);
    const site = await serveNest(make, [Home], {
      imports: [NewsModule, routing],
      configure: (app) => {
        app.setGlobalPrefix('api', { exclude: [{ path: 'health', method: RequestMethod.GET }] });
        app.enableVersioning({ type: VersioningType.URI });
      },
    });
    const routes = site.app.get(RouteUrls);
    const urls = [
      routes.of(News, 'all'),
      routes.of(News, 'by', { author: 'a/b ?', year: 2026, page: 2, empty: undefined }),
      routes.of(News, 'latest', { q: 'ä&b' }),
      routes.of(Home, 'health'),
    ];
    expect(urls).toEqual([
      '/api/v2/press/news',
      '/api/v2/press/news/by/a%2Fb%20%3F/2026?page=2',
      '/api/v3/press/news/latest?q=%C3%A4%26b',
      '/health',
    ]);
    const replies = await Promise.all(urls.map((url) => site.get(url)));
    expect(replies.map(({ status, text }) => [status, text])).toEqual([
      [200, 'all'],
      [200, 'by a/b ?'],
      [200, 'latest'],
      [200, 'well'],
    ]);
    expect(() => routes.of(News, 'by', { author: 'a' })).toThrow('News.by.year');
    expect(() => routes.of(News, 'write')).toThrow(ConfigError);
    expect(() => routes.of(class Other extends News {}, 'all')).toThrow(ConfigError);
  });

  it('refuses options that are wrong when the app starts', async () => {
    const start = (warmOnStart: unknown) => serveNest(make, [], { options: { warmOnStart } as never });
    await expect(start({ origin })).rejects.toThrow('ViewCacheModule.warmOnStart.source');
    await expect(start({ source: ['/'] })).rejects.toThrow('ViewCacheModule.warmOnStart.origin');
    await expect(start({ source: ['/'], origin, cache: 'pages' })).rejects.toThrow('ViewCacheModule.warmOnStart.cache');
    await expect(start(7)).rejects.toThrow(ConfigError);
  });
});
