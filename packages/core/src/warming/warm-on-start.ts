import type { Server } from 'node:net';
import { ConfigError } from '../base/errors.js';
import type { Cache } from '../cache/cache.js';
import { runtimeOf } from '../cache/runtime.js';
import { isRecord } from '../config/check.js';
import { isCalls } from './calls.js';
import { checkSource } from './check-source.js';
import { warmBehind } from './warm-behind.js';
import { readWarmOptions, WARM_OPTIONS } from './warm-options.js';
import type { WarmOptions, WarmServer, WarmSource } from './warm-types.js';

/** What a cache is warmed with as soon as its server listens. */
export interface WarmOnStart extends Omit<WarmOptions, 'server'> {
  /** What is to be warmed, or a function that is asked for it then. */
  readonly source: WarmSource | (() => WarmSource | Promise<WarmSource>);
}

/** `cache` is read by whoever knows it. */
const OPTIONS: readonly string[] = ['source', 'cache', ...WARM_OPTIONS.filter((name) => name !== 'server')];

/**
 * Warms a cache once, when a server listens, and gives up when that closes. Nobody waits for it, and nothing of it keeps the
 * server from answering: what goes wrong is a warning.
 *
 * @param cacheOf - asked when the server listens
 * @throws {@link ConfigError} at once for a wrong option
 */
export function warmOnStart(setting: string, given: WarmOnStart, server: Server, cacheOf: () => Cache): void {
  if (!isRecord(given)) throw new ConfigError(setting, given, "an object: { source: ['/'], origin: 'https://…' }");
  const { source, ...options } = given;
  const other = (given as WarmOptions).server;
  if (other !== undefined) throw new ConfigError(`${setting}.server`, other, 'nothing: this server is asked');
  const { signal, origin } = readWarmOptions(setting, options, OPTIONS);
  if (source === undefined)
    throw new ConfigError(
      `${setting}.source`,
      source,
      'what is to be warmed: a list of URLs, or a function that returns it',
    );
  if (typeof source !== 'function') checkSource(`${setting}.source`, source);
  if (origin === undefined && !isCalls(source))
    throw new ConfigError(
      `${setting}.origin`,
      origin,
      "the origin under which visitors ask: 'https://www.example.com'",
    );
  server.once('listening', () => {
    const closed = new AbortController();
    server.once('close', () => closed.abort());
    const cache = cacheOf();
    const warn = (message: string): void => {
      runtimeOf(cache)?.telemetry.emit({ type: 'warning', message: `viewcache: ${setting}: ${message}` });
    };
    const signals = signal === undefined ? [closed.signal] : [closed.signal, signal];
    const how = { ...options, server: server as WarmServer, signal: AbortSignal.any(signals) };
    void warmBehind(source, how, cache.warm, warn);
  });
}
