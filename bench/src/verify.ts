import { get, type IncomingHttpHeaders } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { CANDIDATES, isOurs } from './candidates.js';
import type { Sample } from './messages.js';
import { makePayload } from './payload.js';
import type { BenchRedis } from './redis.js';
import type { Row } from './scenarios.js';
import type { CandidateServer } from './server.js';

/** The path that every candidate answers. */
export const PATH = '/cities';

const STORED_AFTER_MS = 100;
const HITS = 50;

/**
 * Makes sure that a candidate does what its row says before anything is measured: the bytes are those of the handler,
 * and the handler runs as often as the row claims. What caches in Redis has stored something there, and its hits ask Redis as
 * often as the row claims.
 */
export async function verifyRow(row: Row, server: CandidateServer, redis: BenchRedis | undefined): Promise<void> {
  const expected = JSON.stringify(makePayload(row.size));
  const keysBefore = await redis?.keys();
  const before = await server.sample();
  for (let asked = 1; asked <= 3; asked++) {
    // Some answer before they have stored.
    if (CANDIDATES[row.candidate].redis && asked > 1) await wait(STORED_AFTER_MS);
    const path = row.path === 'miss' ? `${PATH}?id=verify-${asked}` : PATH;
    const { body, headers } = await fetchOnce(server.port, path);
    if (body !== expected) throw new Error(`${row.id} answers with other bytes than the handler's`);
    if (isOurs(row.candidate)) checkCacheStatus(row, headers, asked);
  }
  const runs = (await server.sample()).handlerRuns - before.handlerRuns;
  const wanted = row.candidate === 'raw' ? 0 : row.path === 'hit' && CANDIDATES[row.candidate].caches ? 1 : 3;
  if (runs !== wanted) throw new Error(`${row.id} ran the handler ${runs} times in 3 requests, not ${wanted}`);
  if (row.urls !== undefined && CANDIDATES[row.candidate].caches) await verifyEach(row, server, row.urls);
  if (redis && CANDIDATES[row.candidate].redis) await verifyRedis(row, server, redis, keysBefore ?? 0);
}

/** Fills the cache with every URL of the row, and makes sure that all of them are hits then. */
async function verifyEach(row: Row, server: CandidateServer, urls: number): Promise<void> {
  for (const wanted of [urls, 0]) {
    const before = await server.sample();
    for (let id = 1; id <= urls; id++) await fetchOnce(server.port, `${PATH}?id=${id}`);
    const runs = (await server.sample()).handlerRuns - before.handlerRuns;
    if (runs !== wanted) throw new Error(`${row.id} ran the handler ${runs} times for ${urls} URLs, not ${wanted}`);
  }
}

async function verifyRedis(row: Row, server: CandidateServer, redis: BenchRedis, keysBefore: number): Promise<void> {
  if ((await redis.keys()) <= keysBefore) throw new Error(`${row.id} stored nothing in Redis`);
  const before = await redis.commands();
  for (let asked = 1; asked <= HITS; asked++) await fetchOnce(server.port, PATH);
  const commands = (await redis.commands()) - before;
  // Those that answer from memory may ask now and then whether it still holds.
  const isTrue = CANDIDATES[row.candidate].redis === 'each' ? commands >= HITS : commands < HITS / 2;
  if (!isTrue) throw new Error(`${row.id} asked Redis ${commands} times in ${HITS} hits`);
}

/** Makes sure that a measured window did what its row says. */
export function verifyWindow(row: Row, requests: number, before: Sample, after: Sample): void {
  const runs = after.handlerRuns - before.handlerRuns;
  if (row.path === 'miss' && runs < requests) {
    throw new Error(`${row.id} answered ${requests - runs} of ${requests} new URLs without its handler`);
  }
  if (row.path === 'hit' && CANDIDATES[row.candidate].caches && runs > 0) {
    throw new Error(`${row.id} ran its handler ${runs} times`);
  }
  const { guards } = CANDIDATES[row.candidate];
  if (guards === undefined) return;
  const guardRuns = (after.guardRuns ?? 0) - (before.guardRuns ?? 0);
  if (guards === 'none' ? guardRuns > 0 : guardRuns < requests) {
    throw new Error(`${row.id} asked its guard ${guardRuns} times in ${requests} requests`);
  }
}

/** RFC 9211 §2.1: `hit` says that no request went forward. */
function checkCacheStatus(row: Row, headers: IncomingHttpHeaders, asked: number): void {
  const status = String(headers['cache-status']);
  const wanted = row.path === 'hit' && asked > 1 ? /; *hit/ : /; *fwd=uri-miss; *stored/;
  if (!wanted.test(status)) throw new Error(`${row.id} answered request ${asked} with Cache-Status: ${status}`);
}

function fetchOnce(port: number, path: string): Promise<{ body: string; headers: IncomingHttpHeaders }> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false, timeout: 5_000 }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ body, headers: response.headers }));
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error(`No answer to ${path}`)));
    request.on('error', reject);
  });
}
