import type { RequestHandler } from 'express';
import { minute } from './site.js';

/** When the page was last modified, a second after, and a second before. */
export const OLD = 'Thu, 01 Jan 2026 10:00:00 GMT';
export const LATER = 'Thu, 01 Jan 2026 10:00:01 GMT';
export const EARLIER = 'Thu, 01 Jan 2026 09:59:59 GMT';
/** Its body. */
export const page = '0123456789';

/** A handler that gives it both validators. */
export const tagged: RequestHandler = (_req, res) => {
  res
    .set({ ...minute, ETag: '"v1"', 'Last-Modified': OLD, 'X-Page': 'list' })
    .type('text')
    .send(page);
};
