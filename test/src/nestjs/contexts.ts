import { afterEach } from '@jest/globals';
import { type INestApplicationContext, Module, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type Cache, type CacheEvent, type CacheOptions, createCache } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import { ViewCacheModule, type ViewCacheModuleOptions } from '@viewcache/nestjs';

const open: { close(): Promise<void> }[] = [];

/** Closes what a test has opened, after each test of the file. */
export function closeContextsAfterEach(): void {
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close();
  });
}

/** Closes something with the test. */
export function closing<T extends { close(): Promise<void> }>(opened: T): T {
  open.push(opened);
  return opened;
}

/** An app of Nest without HTTP, and the cache of its own. */
export interface Context {
  readonly app: INestApplicationContext;
  readonly cache: Cache;
  readonly clock: FakeClock;
  readonly events: CacheEvent[];
  warnings(): string[];
}

/** What is particular about one app. */
export interface ContextSetup extends ModuleMetadata {
  /** For the module of caches. */
  readonly options?: Omit<ViewCacheModuleOptions, 'cache'>;
  /** Of the app's own cache. */
  readonly own?: CacheOptions;
}

/** Starts an app without HTTP. */
export async function startContext({ options, own, imports = [], ...metadata }: ContextSetup = {}): Promise<Context> {
  const clock = new FakeClock(Date.now());
  const cache = closing(createCache({ clock, ...own }));
  await readyOn(cache, clock);
  const events: CacheEvent[] = [];
  cache.on((event) => events.push(event));
  @Module({ ...metadata, imports: [ViewCacheModule.forRoot({ cache, ...options }), ...imports] })
  class AppModule {}
  const app = closing(await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false }));
  const warnings = () => events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
  return { app, cache, clock, events, warnings };
}

/** Waits for the store, while whoever connects may have set himself a timer. */
export async function readyOn(cache: Cache, clock: FakeClock): Promise<void> {
  let isReady = false;
  const opened = cache.ready().then(() => {
    isReady = true;
  });
  while (!isReady) await clock.advanceAsync(1);
  await opened;
}
