import { once } from 'node:events';
import { createServer, get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { createCache } from '@viewcache/core';
import { fragments, fragmentsOf } from '@viewcache/express';
import express from 'express';
import { selfSigned } from '../create-server/self-signed.js';
import { closeAfterEach, makeCache } from '../support/site.js';

closeAfterEach();

describe('a visitor with a TLS client certificate', () => {
  it('may be known, and is shown nothing that was rendered for nobody', async () => {
    const own = selfSigned();
    const app = express();
    app.use(fragments({ cache: makeCache({}, createCache) }));
    let made = 0;
    app.get('/', async (_req, res) => {
      res.send(await fragmentsOf(res)('one', 60, () => `one:${++made}`));
    });
    const server = createServer({ ...own, requestCert: true, rejectUnauthorized: false }, app).listen(0, '127.0.0.1');
    try {
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const ask = async (certificate: object): Promise<string> => {
        const sent = get({ host: '127.0.0.1', port, ca: own.cert, agent: false, ...certificate });
        const [response] = await once(sent, 'response');
        return await text(response);
      };
      expect([await ask({}), await ask(own), await ask(own), await ask({})]).toEqual([
        'one:1',
        'one:2',
        'one:3',
        'one:1',
      ]);
    } finally {
      server.close();
    }
  });
});
