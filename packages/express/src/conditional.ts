import { ConfigError } from '@viewcache/core';
import { answerInstead, forbidStoring, formatHttpDate, isEntityTag } from '@viewcache/core/node';
import type { Response } from 'express';
import type { Middleware, Request } from './middleware.js';

type Answer<T> = T | undefined | Promise<T | undefined>;

/** How {@link conditional} learns of the current version of what is asked for; one of the two, or both. */
export interface ConditionalOptions {
  /**
   * The entity tag: `'"v7"'`, `'W/"v7"'`, or `'v7'` for `'"v7"'`. `undefined` when what is asked for does not exist.
   * Costs a call on each request that is not answered before.
   *
   * @defaultValue none
   */
  readonly etag?: (req: Request, res: Response) => Answer<string>;
  /**
   * When it last changed, of which whole seconds count. `undefined` when that is not known. Costs a call likewise.
   *
   * @defaultValue none
   */
  readonly lastModified?: (req: Request, res: Response) => Answer<Date>;
}

/**
 * Answers a request that is conditional on a version before the handler does its work: 304 where the client has the
 * current one, 412 where it wants to change another (RFC 9110 §13.2). Else the handler runs, and its successful response
 * to a GET or HEAD gets `ETag` and `Last-Modified` unless it sets its own.
 *
 * Inside a cached part it also answers the cache: a stored response that has become stale is validated by the two
 * functions alone, and served for another lifetime where nothing has changed.
 *
 * @param options - how to find the version, which ought to be much cheaper than the response
 * @throws {@link ConfigError} at once for anything but functions
 *
 * @example
 * ```ts
 * const version = conditional({ etag: async (req) => (await db.cityVersion(req.params.id))?.toString() });
 * app.get('/cities/:id', cachePage({ ttl: 'origin' }), version, showCity);
 * app.put('/cities/:id', version, changeCity);
 * ```
 */
export function conditional(options: ConditionalOptions): Middleware {
  const { etag, lastModified } = readOptions(options);
  return async function conditionally(req, res, next) {
    try {
      const asked = [req as Request, res as Response] as const;
      const [tag, date] = await Promise.all([etag?.(...asked), lastModified?.(...asked)]);
      const version = { etag: entityTag(tag), lastModified: wholeSeconds(date) };
      const status = statusFor(req, version);
      if (status === undefined) {
        // Of another method it would be the version before the change (RFC 9110 §9.3.4).
        if (req.method === 'GET' || req.method === 'HEAD') setVersion(res, version);
        next();
        return;
      }
      if (status === 304) setVersion(res, version);
      else forbidStoring(res);
      res.statusCode = status;
      res.end();
    } catch (error) {
      next(error);
    }
  };
}

interface Version {
  readonly etag: string | undefined;
  readonly lastModified: number | undefined;
}

type Req = Parameters<Middleware>[0];
type Res = Parameters<Middleware>[1];

function statusFor({ method, headers }: Req, version: Version): 304 | 412 | undefined {
  const exists = version.etag !== undefined || version.lastModified !== undefined;
  // Of what does not exist there is no version to match, `*` included (RFC 9110 §13.1.1, §13.1.2).
  if (!exists) return headers['if-match'] === undefined ? undefined : 412;
  return answerInstead(method, headers, { status: 200, ...version }, Date.now());
}

/** Sets what is known of the version; taken back where the handler answers with something else, such as an error. */
function setVersion(res: Res, { etag, lastModified }: Version): void {
  const fields: [name: string, value: string][] = [];
  if (etag !== undefined && !res.hasHeader('ETag')) fields.push(['ETag', etag]);
  if (lastModified !== undefined && !res.hasHeader('Last-Modified'))
    fields.push(['Last-Modified', formatHttpDate(lastModified)]);
  if (fields.length === 0) return;
  for (const [name, value] of fields) res.setHeader(name, value);
  const { writeHead } = res;
  res.writeHead = function (this: Res, ...args: unknown[]) {
    const status = Number(args[0]);
    if (status >= 300 && status !== 304) {
      for (const [name, value] of fields) if (this.getHeader(name) === value) this.removeHeader(name);
    }
    return (writeHead as (...given: unknown[]) => Res).apply(this, args);
  } as typeof res.writeHead;
}

function entityTag(tag: unknown): string | undefined {
  if (tag === undefined || tag === null) return undefined;
  const quoted = typeof tag === 'string' && !isEntityTag(tag) ? `"${tag}"` : tag;
  if (typeof quoted === 'string' && isEntityTag(quoted)) return quoted;
  throw new TypeError(`conditional.etag returned ${JSON.stringify(tag)}, which can be no entity tag (RFC 9110 §8.8.3)`);
}

function wholeSeconds(date: unknown): number | undefined {
  if (date === undefined || date === null) return undefined;
  if (date instanceof Date && !Number.isNaN(date.getTime())) return Math.floor(date.getTime() / 1000) * 1000;
  throw new TypeError(`conditional.lastModified returned ${String(date)}; return a Date or undefined`);
}

function readOptions(options: ConditionalOptions): ConditionalOptions {
  const allowed = 'an object with etag, lastModified or both: functions of the request';
  if (typeof options !== 'object' || options === null || Object.keys(options).length === 0) {
    throw new ConfigError('conditional', options, allowed);
  }
  for (const [name, value] of Object.entries(options)) {
    if (name !== 'etag' && name !== 'lastModified') throw new ConfigError(`conditional.${name}`, value, allowed);
    if (typeof value !== 'function') throw new ConfigError(`conditional.${name}`, value, allowed);
  }
  return options;
}
