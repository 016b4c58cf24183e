import {
  type DynamicModule,
  type InjectionToken,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { type Cache, ConfigError } from '@viewcache/core';
import { checkFunction, checkOptions } from '@viewcache/core/node';
import { CacheRegistry } from '../module/cache-registry.js';

/** Ends what was begun by attaching; nothing, where there is nothing to end. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function that has nothing to stop returns nothing.
type Stop = (() => unknown) | void;

/** Ties a data source to a cache, and returns how that ends. */
export type Attach<Client> = (client: Client, cache: Cache) => Stop | Promise<Stop>;

/** What a data source is tied to. */
export interface WatchOptions {
  /** Which cache: its name, or a cache. @defaultValue the app's own */
  readonly cache?: string | Cache;
}

const SETTING = 'ViewCacheModule.watch';

/** The module that ties one data source to a cache, for as long as the app lives. */
export function watchModule<Client>(
  token: InjectionToken<Client>,
  attach: Attach<Client>,
  options: WatchOptions,
): DynamicModule {
  if (!isToken(token))
    throw new ConfigError(`${SETTING}.token`, token, 'the token of a provider: a class, a string or a symbol');
  if (typeof attach !== 'function')
    throw new ConfigError(`${SETTING}.attach`, attach, 'a function of a client and a cache');
  checkOptions(SETTING, options, ['cache']);
  // A class for each, so that no two of them are taken for one module.
  @Module({})
  class ViewCacheWatchModule {}
  const source = {
    provide: WatchedSource,
    inject: [ModuleRef],
    useFactory: (moduleRef: ModuleRef) => new WatchedSource<Client>(moduleRef, token, attach, options),
  };
  // Global, as the hooks of such modules run first: what others write in theirs is seen.
  return { module: ViewCacheWatchModule, global: true, providers: [source] };
}

function isToken(token: unknown): boolean {
  return typeof token === 'function' || typeof token === 'symbol' || (typeof token === 'string' && token !== '');
}

/** One data source that is tied to a cache. */
class WatchedSource<Client> implements OnModuleInit, OnApplicationShutdown {
  #stop: (() => unknown) | undefined;

  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly token: InjectionToken<Client>,
    private readonly attach: Attach<Client>,
    private readonly options: WatchOptions,
  ) {}

  async onModuleInit(): Promise<void> {
    const cache = this.#registry().resolve(this.options.cache, `${SETTING}.cache`);
    const stop: unknown = await this.attach(this.#client(), cache);
    checkFunction(`${SETTING}.attach`, stop, 'a function that returns one that stops it, or nothing');
    this.#stop = stop as () => unknown;
  }

  /** When the last request has been answered: until then there are writes to be seen. */
  async onApplicationShutdown(): Promise<void> {
    await this.#stop?.();
  }

  #registry(): CacheRegistry {
    try {
      return this.moduleRef.get(CacheRegistry, { strict: false });
    } catch {
      const allowed = 'it in an app that imports ViewCacheModule.forRoot()';
      throw new ConfigError(SETTING, this.token, allowed, undefined, 'has no cache to be tied to');
    }
  }

  #client(): Client {
    try {
      return this.moduleRef.get<Client>(this.token as never, { strict: false });
    } catch (error) {
      const problem = `cannot be had: ${error instanceof Error ? error.message : error}`;
      throw new ConfigError(SETTING, this.token, 'the token of a provider of this app', undefined, problem);
    }
  }
}
