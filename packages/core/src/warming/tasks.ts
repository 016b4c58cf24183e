import { setImmediate as immediate } from 'node:timers/promises';
import { ConfigError } from '../base/errors.js';
import { printable } from '../base/printable.js';
import { withoutLogins } from '../base/without-secrets.js';
import { askServer } from './ask-server.js';
import { callTasks } from './call-tasks.js';
import { isCalls } from './calls.js';
import { checkSource } from './check-source.js';
import { copied } from './copied.js';
import { readEntry } from './entry-url.js';
import { findServer } from './find-server.js';
import { entriesOf } from './reporting-source.js';
import type { ReadTasks, Task } from './task.js';
import { digestOf } from './warm-name.js';
import { readFields, type WarmSettings } from './warm-options.js';
import type { WarmFields, WarmProblem, WarmServer, WarmSource, WarmUrl } from './warm-types.js';

/** For each that is taken so many may be looked at: a list of nothing but strangers' URLs comes to an end, too. */
const LOOKED_AT = 10;
/** Entries that are looked at in one turn of the event loop. */
const BREATH = 500;
/** What a browser sends, where nothing else is said: `Accept` is what differs most between them. */
const USUAL = { accept: '*/*', 'accept-encoding': 'gzip, deflate, br, zstd', 'user-agent': 'viewcache (warming)' };

/**
 * Reads a source to its end, or to the limit.
 *
 * @throws {@link ConfigError} for what is no source, and for a setting that it needs; what the source itself throws
 */
export async function readTasks(source: WarmSource, settings: WarmSettings, signal: AbortSignal): Promise<ReadTasks> {
  if (isCalls(source)) return callTasks(source, settings.limit);
  checkSource('warm', source);
  const { origin } = settings;
  if (origin === undefined)
    throw new ConfigError('warm.origin', origin, "the origin under which visitors ask: 'https://www.example.com'");
  const server = findServer('warm.server', settings.server, origin);
  const wanted = new Map<string, Task>();
  const skipped: WarmProblem[] = [];
  let taken = 0;
  let seen = 0;
  for await (const entry of entriesOf(source, (problem) => skipped.push(problem), signal)) {
    // A list may be long: others have their turn meanwhile.
    if (seen % BREATH === BREATH - 1) await immediate();
    if (signal.aborted) break;
    if (taken >= settings.limit || seen++ >= settings.limit * LOOKED_AT) return readOf(wanted, skipped, origin, true);
    const { url, headers } = readUrl(entry);
    const read = readEntry(url, origin);
    if ('skip' in read) {
      skipped.push({
        what: copied(printable(withoutLogins(url).slice(0, 200))),
        outcome: 'skipped',
        reason: read.skip,
      });
      continue;
    }
    const before = wanted.size;
    for (const fields of headers === undefined ? settings.headers : [headers]) {
      const task = urlTask(server, origin, read.path, fields);
      wanted.set(`${read.path}\n${JSON.stringify(fields)}`, task);
    }
    if (wanted.size > before) taken++;
  }
  return readOf(wanted, skipped, origin, false);
}

/** @param wanted - by path and fields */
function readOf(
  wanted: ReadonlyMap<string, Task>,
  skipped: readonly WarmProblem[],
  origin: string,
  isCut: boolean,
): ReadTasks {
  return { tasks: [...wanted.values()], skipped, isCut, digest: digestOf([origin, ...wanted.keys()]) };
}

/** @param fields - what is `undefined` is not sent, though it usually is */
export function urlTask(
  server: WarmServer,
  origin: string,
  path: string,
  fields: Readonly<Record<string, string | undefined>>,
): Task {
  const all = Object.entries({ host: new URL(origin).host, ...USUAL, ...fields });
  const headers = Object.fromEntries(all.filter((field): field is [string, string] => field[1] !== undefined));
  return {
    what: path,
    unseen: 'nothing looks it up in this cache: no cached view answers it, or one of another cache',
    // Keys of views begin with the method; a view that was passed by is called by its URL.
    isMeant: (key, type) => (type === 'bypass' ? key === path : key.startsWith('GET ')),
    begin: () => askServer(server, { url: path, headers, origin }),
  };
}

function readUrl(entry: WarmUrl): { url: string; headers: WarmFields | undefined } {
  if (typeof entry === 'string') return { url: entry, headers: undefined };
  if (entry instanceof URL) return { url: entry.href, headers: undefined };
  const { url, headers } = (entry ?? {}) as Partial<Exclude<WarmUrl, string | URL>>;
  if (typeof url !== 'string')
    throw new ConfigError('warm', entry, "URLs as texts, or as { url, headers }, such as '/cities/7'");
  return { url, headers: headers === undefined ? undefined : readFields('warm.headers', headers) };
}
