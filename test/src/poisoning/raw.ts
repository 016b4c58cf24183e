import type { Site } from '../support/site.js';

/** A response as its bytes say it. */
export interface RawReply {
  readonly status: number;
  /** Field lines, as they came. */
  readonly lines: readonly string[];
  readonly body: string;
  /** Everything that came back on the connection. */
  readonly bytes: string;
  readonly isHit: boolean;
  readonly isStored: boolean;
}

/** What is written by hand: no client stands between that would clean it. */
export interface RawRequest {
  readonly method?: string;
  /** Lines as they are sent; a Host is not added. */
  readonly lines?: readonly string[];
  readonly body?: string;
}

/** The host that all of a site's visitors name. */
export const HOST = 'Host: site.example';

/** Sends a request line, field lines and a body as they are, and reads what comes back until the server closes. */
export async function send(site: Site, target: string, request: RawRequest = {}): Promise<RawReply> {
  const { method = 'GET', lines = [HOST], body = '' } = request;
  const head = [`${method} ${target} HTTP/1.1`, ...lines, 'Connection: close', '', ''].join('\r\n');
  return read(await site.exchange(head + body));
}

function read(bytes: string): RawReply {
  const end = bytes.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = bytes.slice(0, end).split('\r\n');
  const status = lines.find((line) => /^cache-status:/i.test(line)) ?? '';
  return {
    status: Number(statusLine.split(' ')[1]),
    lines,
    body: bytes.slice(end + 4),
    bytes,
    isHit: /;\s*hit\b/.test(status),
    isStored: /;\s*stored\b/.test(status),
  };
}
