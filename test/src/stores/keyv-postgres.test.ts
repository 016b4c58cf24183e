import { afterAll, describe, expect, it } from '@jest/globals';
import KeyvPostgres from '@keyv/postgres';
import { taggedStoreContract } from '@viewcache/core/testing';
import { Keyv } from 'keyv';
import { SystemClock } from '../../../packages/core/dist/cache/system-clock.js';
import { guarded } from '../../../packages/core/dist/stores/guarded.js';
import { keyvStore } from '../../../packages/core/dist/stores/keyv.js';
import { nonceProtocol } from '../../../packages/core/dist/stores/nonce-protocol.js';
import { PostgresServer } from '../servers/postgres.js';

const server = await PostgresServer.start();
const keyv = new Keyv(new KeyvPostgres({ uri: server.url, useUnloggedTable: true }));
afterAll(async () => {
  await keyv.disconnect();
  await server.stop();
});

const clock = new SystemClock();

taggedStoreContract('a Keyv on PostgreSQL', { describe, it, expect }, async () => {
  await keyv.clear();
  return {
    join: (namespace = 'app') => nonceProtocol(guarded(keyvStore(keyv), { clock, deadlineMs: 5_000 }), namespace),
    flush: () => keyv.clear(),
    close: async () => {},
  };
});
