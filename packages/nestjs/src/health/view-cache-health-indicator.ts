import { Injectable } from '@nestjs/common';
import { checkOneOf, checkOptions } from '@viewcache/core/node';
import { CacheRegistry } from '../module/cache-registry.js';

/** What is said of a cache whose shared store is down. */
type WhenDown = 'down' | 'degraded' | 'up';

/** Which cache is asked about, and what is said of it. */
export interface CacheHealthOptions<Status extends WhenDown = WhenDown> {
  /** Its name. @defaultValue the app's own */
  readonly cache?: string;
  /**
   * What is said while its shared store does not answer. An app goes on without: `'down'` in a probe that takes it out of
   * service does more harm than the store. `'degraded'` is known to Terminus as of 12.
   *
   * @defaultValue `'down'`
   */
  readonly whenDown?: Status;
}

/** How a cache is doing, as Terminus shows it. */
export interface CacheHealthDetail<Status extends string> {
  readonly status: Status;
  /** Absent where memory is the only store. */
  readonly shared?: 'up' | 'down';
  /** Operations of the shared store that are under way. */
  readonly outstanding?: number;
  /** Its failures since the app was started. */
  readonly failures?: number;
  /** What was invalidated here, and what the shared store has not heard of yet. */
  readonly unheardInvalidations: number;
}

/**
 * Says to `@nestjs/terminus` how a cache is doing, without asking its store anything. Nothing of Terminus is loaded for it.
 *
 * @example
 * ```ts
 * @Get('health')
 * @HealthCheck()
 * check() {
 *   return this.health.check([() => this.cache.isHealthy('cache')]);
 * }
 * ```
 */
@Injectable()
export class ViewCacheHealthIndicator {
  readonly #registry: CacheRegistry;

  constructor(registry: CacheRegistry) {
    this.#registry = registry;
  }

  /**
   * @param key - what it is called in the answer
   * @throws `ConfigError` (by rejection) for a cache that the app has not
   */
  async isHealthy<const Key extends string = 'cache', Status extends WhenDown = 'down'>(
    key: Key = 'cache' as Key,
    options: CacheHealthOptions<Status> = {},
  ): Promise<Record<Key, CacheHealthDetail<'up' | Status>>> {
    checkOptions('isHealthy', options, ['cache', 'whenDown']);
    const { cache, whenDown = 'down' as Status } = options;
    checkOneOf('isHealthy.whenDown', whenDown, ['down', 'degraded', 'up']);
    const { shared, unheardInvalidations } = this.#registry.get(cache, 'isHealthy.cache').health();
    const status = shared?.state === 'down' ? whenDown : 'up';
    const detail: CacheHealthDetail<'up' | Status> = {
      status,
      ...(shared && { shared: shared.state, outstanding: shared.outstanding, failures: shared.failures }),
      unheardInvalidations,
    };
    return { [key]: detail } as Record<Key, CacheHealthDetail<'up' | Status>>;
  }
}
