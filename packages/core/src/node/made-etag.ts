import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { answerOf } from '../base/answer.js';
import { isEntityTag } from '../http/entity-tag.js';
import type { ViewHost } from './view-host.js';

/**
 * An entity tag for a body whose handler has given it none; made once, when it is stored.
 *
 * As the app itself would make it for `res.send`, and none where the app makes none. Weak by default, although the bytes
 * are known to the last one: what middleware in front does to them on the way, such as compressing them, nobody knows
 * here, and a strong tag would promise that two answers have the same bytes (RFC 9110 §8.8.1, §8.8.3.3).
 */
export function madeEtag<Req extends IncomingMessage>(req: Req, body: Buffer, host: ViewHost<Req>): string | undefined {
  if (host.etag === undefined) return weakEtag(body);
  const { etag } = host;
  const made: unknown = answerOf(() => etag(req, body));
  return typeof made === 'string' && isEntityTag(made) ? made : undefined;
}

function weakEtag(body: Buffer): string {
  return `W/"${body.length.toString(16)}-${hash('sha1', body, 'base64').slice(0, 27)}"`;
}
