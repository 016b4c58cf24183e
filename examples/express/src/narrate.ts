import type { CacheEvent } from '@viewcache/core';

/** One line on what the cache just did; nothing about what is of no interest while trying things out. */
export function narrate(event: CacheEvent): string | undefined {
  switch (event.type) {
    case 'hit':
      return `hit          ${event.route}`;
    case 'stored':
      return `stored       ${event.route}   depends on: ${event.tags.join(', ') || 'nothing'}`;
    case 'refused':
      return `not stored   ${event.route}   because of: ${event.reason}`;
    case 'invalidated':
      return `invalidated  ${[...event.tags, ...event.targets].join(', ')}`;
    default:
      return undefined;
  }
}
