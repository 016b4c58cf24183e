/**
 * A process of the app that watches its pool, writes in a transaction, and ends: at once when the database has committed that,
 * before anything of it is told; or when it has been told.
 */
import { createCache } from '@viewcache/core';
import { watchPg } from '@viewcache/orm/pg';
import pg from 'pg';

const [url, store, end, name] = process.argv.slice(2) as [string, string, 'dies' | 'lives', string];

const cache = createCache({ store, consistency: 'strict', namespace: 'crash' });
await cache.ready();
const client = new pg.Client(url);
await client.connect();
const watch = watchPg(client, cache);
await watch.ready;

const { connection } = client as unknown as { connection: NodeJS.EventEmitter };
connection.prependListener('commandComplete', ({ text }: { readonly text: string }) => {
  if (end === 'dies' && text === 'COMMIT') process.kill(process.pid, 'SIGKILL');
});
await client.query('BEGIN');
await client.query('UPDATE users SET name = $1 WHERE id = 1', [name]);
await client.query('COMMIT');
await client.end();
watch();
await cache.close();
