import type { Cache, WarmOnStart, WarmSource } from '@viewcache/core';
import type { RouteUrls } from './route-urls.js';

/** What is warmed when an app of Nest listens, and which of its caches. */
export interface WarmAppOnStart extends Omit<WarmOnStart, 'source'> {
  /**
   * What is to be warmed, or a function that is asked for it when the app listens: it is told how to find the URL of a handler.
   */
  readonly source: WarmSource | ((routes: RouteUrls) => WarmSource | Promise<WarmSource>);
  /** A cache of the app by its name, or one that was made already. @defaultValue the app's own */
  readonly cache?: string | Cache | undefined;
}
