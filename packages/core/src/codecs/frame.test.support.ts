import type { StoredResponse } from '../ports/stored-response.js';

/** A page of text that is long enough to be compressed. */
export const page: StoredResponse = {
  key: 'GET http://h/page',
  status: 200,
  headers: ['Content-Type', 'text/html; charset=utf-8', 'Date', 'Fri, 01 Aug 2026 00:00:00 GMT'],
  removes: [],
  body: Buffer.from('<li>Zürich</li>\n'.repeat(300)),
  selecting: [],
  tags: [{ tag: 'a', stamp: 's' }],
  storedAt: 1_790_000_000_123,
  lifetimeMs: 300_000,
  stale: undefined,
  etag: '"x"',
  lastModified: undefined,
  route: '/page',
  producerMs: 1,
  placeholders: [{ name: 'nonce', at: 4_000 }],
};
