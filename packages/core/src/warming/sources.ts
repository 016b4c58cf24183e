import { checkCount, checkOptions } from '../config/check.js';
import { reportingSource } from './reporting-source.js';
import { checkPlace } from './source-url.js';

/** How an access log is read. */
export interface AccessLogOptions {
  /** How many of what was asked for most. @defaultValue 1000 */
  readonly top?: number | undefined;
}

const TOP = 1_000;

/**
 * The pages of a sitemap, or of all sitemaps that an index names, for `cache.warm`. Read while it is warmed, gzip or not.
 *
 * An index leads to its own server, or its own folder, and to nothing else; what of it cannot be read is skipped and counted. Entities that a file defines are not expanded.
 *
 * @param source - the path of a file, the URL of one, or the XML itself
 * @throws {@link ConfigError} for nothing of that; `WarmSourceError`, while it is warmed, for what cannot be read
 *
 * @example
 * ```ts
 * await cache.warm(fromSitemap('public/sitemap.xml'), { origin: 'https://www.example.com', server });
 * ```
 */
export function fromSitemap(source: string | URL): AsyncIterable<string> {
  checkPlace('fromSitemap', source, ['http:', 'https:', 'file:'], 'or the text of a sitemap');
  return reportingSource(`sitemap ${source}`, (report, signal) =>
    later(async () => (await import('./late.js')).readSitemap(source, report, signal)),
  );
}

/**
 * What visitors have asked for most, by an access log in the common or combined format, or of lines of JSON; for `cache.warm`.
 * Of GETs alone that were answered with 200.
 *
 * @param source - the path or URL of a file, with gzip if it ends in `.gz`; or a stream
 * @throws {@link ConfigError} for nothing of that, and for a wrong `top`; `WarmSourceError`, while it is warmed, for a file that
 * cannot be read, or of which no line is of these formats
 *
 * @example
 * ```ts
 * await cache.warm(fromAccessLog('/var/log/nginx/access.log', { top: 500 }), { origin: 'https://www.example.com', server });
 * ```
 */
export function fromAccessLog(
  source: string | URL | AsyncIterable<string | Uint8Array>,
  options: AccessLogOptions = {},
): AsyncIterable<string> {
  const isStream = typeof source === 'object' && source !== null && Symbol.asyncIterator in source;
  if (!isStream) checkPlace('fromAccessLog', source, ['file:'], 'or a stream');
  checkOptions('fromAccessLog', options, ['top']);
  const top = options.top === undefined ? TOP : checkCount('fromAccessLog.top', options.top, 1);
  return reportingSource(`log ${isStream ? '' : source} ${top}`, (_report, signal) =>
    later(async () => (await import('./late.js')).readAccessLog(source, top, signal)),
  );
}

/** What reads files is loaded when something is read. */
async function* later(load: () => Promise<AsyncIterable<string>>): AsyncGenerator<string> {
  yield* await load();
}
