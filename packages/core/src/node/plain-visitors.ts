import type { IncomingMessage } from 'node:http';
import type { BeforeOption } from '../config/before-option.js';
import { hasBody } from './response-head.js';

/** Tells requests that say nothing of who asks: only they may be answered before others have looked at them. */
export class PlainVisitors {
  readonly #ignoredCookies: ReadonlySet<string>;

  constructor(option: BeforeOption) {
    this.#ignoredCookies = new Set(typeof option === 'object' ? option.ignoreCookies : []);
  }

  /** Whether a request has neither credentials nor cookies that say something, and asks for a whole page. */
  isPlain(req: IncomingMessage): boolean {
    const { headers, method } = req;
    if (method !== 'GET' && method !== 'HEAD') return false;
    if (headers.authorization !== undefined || headers['proxy-authorization'] !== undefined) return false;
    if (headers.upgrade !== undefined || headers.expect !== undefined) return false;
    if (headers.range !== undefined || !req.url?.startsWith('/') || hasBody(req)) return false;
    return headers.cookie === undefined || this.#ignoresAll(headers.cookie);
  }

  /** Whether the client sent neither cookies nor credentials, which middleware in front may have taken away since. */
  cameBare({ rawHeaders }: IncomingMessage): boolean {
    return rawHeaders.every((name, at) => {
      const lower = at % 2 === 0 ? name.toLowerCase() : '';
      if (lower === 'cookie') return this.#ignoresAll(rawHeaders[at + 1] ?? '');
      return lower !== 'authorization' && lower !== 'proxy-authorization';
    });
  }

  #ignoresAll(cookie: string): boolean {
    if (this.#ignoredCookies.size === 0) return false;
    return cookie.split(';').every((pair) => this.#ignoredCookies.has((pair.split('=', 1)[0] ?? '').trim()));
  }
}
