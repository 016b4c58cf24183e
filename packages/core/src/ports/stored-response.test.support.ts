import type { StoredResponse } from './stored-response.js';

/** The least that a stored response can be. */
export const empty: StoredResponse = {
  key: '',
  status: 204,
  headers: [],
  removes: [],
  body: Buffer.alloc(0),
  selecting: [],
  tags: [],
  storedAt: 0,
  lifetimeMs: Number.POSITIVE_INFINITY,
  etag: undefined,
  lastModified: undefined,
  route: '',
  producerMs: 0,
  placeholders: [],
};
