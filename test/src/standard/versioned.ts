import type { RequestHandler } from 'express';

/** What a {@link versioned} handler has been asked and has done. */
interface Versions {
  version: string;
  pages: number;
  readonly asked: (string | undefined)[];
}

/** A handler that answers 304 to who has its version, and counts the pages it has made. */
export function versioned(fields: Record<string, string> = { 'Cache-Control': 'max-age=60' }): {
  state: Versions;
  handler: RequestHandler;
} {
  const state: Versions = { version: '"v1"', pages: 0, asked: [] };
  const handler: RequestHandler = (req, res) => {
    state.asked.push(req.headers['if-none-match']);
    res.set({ ...fields, ETag: state.version });
    if (req.headers['if-none-match'] === state.version) return void res.status(304).end();
    state.pages++;
    res.send(`page ${state.pages}`);
  };
  return { state, handler };
}

/** What Cache-Status says of an answer. */
export const status = (reply: { headers: Record<string, unknown> }): unknown => reply.headers['cache-status'];
