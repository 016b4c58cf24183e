import { describe, expect, it } from '@jest/globals';
import { cachePage } from '@viewcache/express';
import express from 'express';
import { Keyv } from 'keyv';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

/** Two processes' worth of one app over one store. */
async function twoSites(field: string) {
  let calls = 0;
  const store = new Map<string, unknown>();
  const make = async () => {
    const app = express();
    const cache = makeCache({ store: new Keyv({ store }) });
    app.use(cachePage({ ttl: 'origin', cache }));
    app.get('/', (_req, res) => void res.set('Cache-Control', field).send(`${++calls}`));
    const site = await serve(app);
    return async (fields = {}) => {
      // Both are one origin.
      const reply = await site.get('/', { host: 'cities.example', ...fields });
      while (reply.isStored && cache.stats().stored === 0) await new Promise((resolve) => setImmediate(resolve));
      return reply;
    };
  };
  return [await make(), await make()] as const;
}

describe('a request with Authorization over a shared store (RFC 9111 §3.5)', () => {
  const authorization = 'Basic YTpi';

  it.each(['public, max-age=60', 's-maxage=60', 'max-age=60, must-revalidate'])(
    '%s: what it is answered with is for all, wherever they ask',
    async (field) => {
      const [one, other] = await twoSites(field);

      await one({ authorization });
      const replies = [await other(), await other({ authorization })];

      expect(replies.map(({ text, isHit }) => [text, isHit])).toEqual([
        ['1', true],
        ['1', true],
      ]);
    },
  );

  it('max-age alone: it is for nobody else, though an answer to somebody without may be its', async () => {
    const [one, other] = await twoSites('max-age=60');

    const texts = [(await one({ authorization })).text, (await other()).text, (await one({ authorization })).text];

    expect(texts).toEqual(['1', '2', '2']);
  });
});
