import type { CacheEvent } from '@viewcache/core';

/** One line on what the cache just did; nothing about what is of no interest while trying things out. */
export function narrate(event: CacheEvent): string | undefined {
  switch (event.type) {
    case 'hit':
      return `hit          ${event.route}`;
    case 'stored':
      return `stored       ${event.route}   depends on: ${event.tags.filter(isOurs).join(', ') || 'nothing'}`;
    case 'refused':
      return `not stored   ${event.route}   because of: ${event.reason}`;
    case 'invalidated': {
      const tags = event.tags.filter(isOurs);
      return tags.length > 0 ? `invalidated  ${tags.join(', ')}` : undefined;
    }
    default:
      return undefined;
  }
}

/** Whether a tag is one that the app named. The cache adds its own, for the URL and the path among others. */
function isOurs(tag: string): boolean {
  return !tag.startsWith('\0') && !tag.includes('!');
}
