import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { ConfigError, type EventTarget } from '@viewcache/core';
import { checkOptions, ignoreRejection } from '@viewcache/core/node';
import { CachedMethods } from '../methods/cached-methods.js';
import type { AnyClass } from '../methods/method-rule.js';
import { classOfWrapper, wrappersSeeing } from '../module/nest-containers.js';
import { EventStreams } from './event-streams.js';
import { type InvalidationSource, sourcesOf } from './invalidate-on.js';

/** What of an app invalidates its caches when something happens. */
@Injectable()
export class EventSources implements OnModuleInit, OnApplicationShutdown {
  readonly #methods: CachedMethods;
  readonly #modules: ModulesContainer;
  readonly #streams: EventStreams;
  readonly #stops: (() => void)[] = [];

  constructor(methods: CachedMethods, modules: ModulesContainer, moduleRef: ModuleRef) {
    this.#methods = methods;
    this.#modules = modules;
    this.#streams = new EventStreams(moduleRef);
  }

  /** Before the app's own hooks, as of which something may happen. */
  async onModuleInit(): Promise<void> {
    const heard = new Set<InvalidationSource>();
    for (const Class of new Set(wrappersSeeing(this.#modules, EventSources, this).map(classOfWrapper))) {
      if (Class === undefined) continue;
      for (const source of sourcesOf(Class)) {
        // Of a class that others extend it has been heard already; the results of its methods are apart.
        if (heard.has(source) && source.target !== undefined) continue;
        heard.add(source);
        this.#stops.push(await this.#listen(Class, source));
      }
    }
  }

  onApplicationShutdown(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  async #listen(Class: AnyClass, source: InvalidationSource): Promise<() => void> {
    const { event, target, options, method } = source;
    const place = method === undefined ? Class.name : `${Class.name}.${String(method)}`;
    const setting = `${place}: @InvalidateOn`;
    checkOptions(setting, options, ['cache']);
    if (target !== undefined && typeof target !== 'function')
      throw new ConfigError(`${setting}.target`, target, 'a function that returns tags or a target');
    const results = method === undefined ? undefined : this.#methods.of(Class).resultsOf(method);
    const cache = this.#methods.cache(options.cache ?? results?.cache, `${setting}.cache`);
    const name = `${typeof event === 'function' ? event.name : String(event)}, for ${place}`;
    const emitter = await this.#streams.open(event, `${setting}.event`);
    if (target !== undefined) return cache.invalidateOn(emitter, name, target as EventTarget<unknown[]>);
    if (results === undefined)
      throw new ConfigError(
        `${setting}.target`,
        target,
        'a function that returns tags, or a method under @Cacheable()',
      );
    const end = (): void => ignoreRejection(results.invalidate(undefined, undefined));
    emitter.on(name, end);
    return () => void emitter.off(name, end);
  }
}
