import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { defaultCache } from '@viewcache/core';
import { createServer } from '@viewcache/express';
import { watchTypeOrm } from '@viewcache/orm/typeorm';
import { createApp } from './app.js';
import { CityDirectory } from './city-directory.js';
import { openDatabase } from './database.js';
import { drive } from './drive.js';
import { narrate } from './narrate.js';
import { bold, count, dim, printHeading } from './print.js';
import { progressBar } from './progress.js';

const serve = process.argv.includes('--serve');
const adminToken = process.env['ADMIN_TOKEN'] || randomBytes(16).toString('hex'); // never a default that others know
const cache = defaultCache(); // asked for here, so that a mistake in CACHE_URL ends the program before it loads anything

console.log(`\n  ${bold('viewcache')} · a city directory on Express, TypeORM and SQLite\n`);

const start = performance.now();
const draw = progressBar('Loading cities');
let cities = 0;
const database = await openDatabase((loaded, total) => {
  cities = total;
  draw(loaded, total);
});
const seconds = ((performance.now() - start) / 1000).toFixed(1);
console.log(`  ${count(cities)} in ${seconds} s\n  ${dim('Data: GeoNames (https://www.geonames.org), CC BY 4.0')}`);

// ② What each view reads from now on is what it depends on, and a committed write drops exactly the views that read it.
await watchTypeOrm(database).ready;

let handlerRuns = 0;
const app = createApp({
  directory: new CityDirectory(database),
  adminToken,
  onHandler: () => {
    handlerRuns++;
  },
});
const server = createServer(app); // what app.listen() makes, only faster
const origin = await listen(serve ? Number(process.env['PORT'] || 3000) : 0);

if (serve) {
  printInvitation();
  cache.on((event) => {
    const line = narrate(event);
    if (line) console.log(`  ${dim(line)}`);
  });
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  console.log('\n  Bye.');
} else {
  await drive({ origin, adminToken, handlerRuns: () => handlerRuns });
  console.log(`\n  ${dim('Try it yourself:')} npm run demo -- --serve\n`);
}

server.close();
server.closeAllConnections();
await cache.close();
await database.destroy();

/** Listens on this machine only; port 0 is any free one. */
async function listen(port: number): Promise<string> {
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (error) {
    console.error(`\n  ${(error as Error).message}\n  Another port: PORT=3001 npm run demo -- --serve\n`);
    process.exit(1);
  }
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function printInvitation(): void {
  const token = process.env['ADMIN_TOKEN'] ? '$ADMIN_TOKEN' : adminToken;
  printHeading(`Listening on ${origin}`, 'Ctrl-C ends it');
  console.log(`  curl -i '${origin}/cities?q=par'          ${dim('# twice: the second is a hit')}
  curl -i '${origin}/cities/2988507'
  curl -i '${origin}/countries/FR/top'
  curl -i '${origin}/countries/FR/stats'
  curl -i '${origin}/nearest?lat=48.85&lon=2.35'

  curl -X PUT '${origin}/admin/cities/2988507' -H 'Content-Type: application/json' \\
    -H "Authorization: Bearer ${token}" -d '{"population": 2200000}'   ${dim('# then ask again')}

  curl '${origin}/cache/stats'
`);
}
