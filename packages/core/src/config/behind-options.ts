import { type Duration, parseDuration } from '../base/duration.js';
import { ConfigError } from '../base/errors.js';
import type { QueueLimits } from '../values/strategies/local-queue-parts.js';
import { checkBoolean, checkCount, checkFunction, checkOptions, parseBytes } from './check.js';
import { HIDDEN } from './store-secrets.js';
import { maskUrl } from './store-url.js';
import type { DeadLetter, JournalOptions, QueueOptions, WriteBehindOptions } from './through-option-types.js';
import type { Key } from './value-call-options.js';

/** How writes wait for a database: options with nothing left open. */
export interface BehindSettings {
  readonly limits: QueueLimits;
  /** How long one call of `save`, `saveMany` or `remove` may take before the others go on without it. */
  readonly saveTimeoutMs: number;
  readonly retryIf: ((error: unknown) => boolean) | undefined;
  readonly onDeadLetter: ((letter: DeadLetter) => unknown) | undefined;
  readonly flushOnSignal: boolean;
  readonly journal: { readonly file: string; readonly fsync: boolean } | undefined;
  readonly queue: QueueSettings | undefined;
}

/** A queue in Redis, with nothing left open. */
export interface QueueSettings {
  readonly url: string;
  readonly prefix: string;
  readonly isWorker: boolean;
  readonly leaseMs: number;
}

/** The names of what {@link readBehindOptions} reads. */
export const BEHIND_OPTIONS: readonly string[] = [
  'flushEvery',
  'flushSize',
  'maxPending',
  'maxPendingBytes',
  'fullTimeout',
  'saveTimeout',
  'retryFor',
  'retryIf',
  'onDeadLetter',
  'closeTimeout',
  'flushOnSignal',
  'journal',
  'queue',
];

/** @throws {@link ConfigError} for a wrong setting */
export function readBehindOptions(given: Readonly<Record<string, unknown>>): BehindSettings {
  const options = given as Partial<WriteBehindOptions<Key, unknown>>;
  const time = (name: string, value: Duration | undefined, usual: Duration): number =>
    parseDuration(`through.${name}`, value === undefined ? usual : value);
  const {
    flushSize = 100,
    maxPending = 10_000,
    maxPendingBytes = '64mb',
    flushOnSignal = true,
    journal,
    queue,
  } = options;
  if (journal !== undefined && queue !== undefined)
    throw new ConfigError('through.queue', queue, 'one of journal and queue', undefined, 'stands beside a journal');
  return {
    limits: {
      flushEveryMs: time('flushEvery', options.flushEvery, '1s'),
      flushSize: checkCount('through.flushSize', flushSize, 1),
      maxPending: checkCount('through.maxPending', maxPending, 1),
      maxPendingBytes: parseBytes('through.maxPendingBytes', maxPendingBytes),
      fullTimeoutMs: time('fullTimeout', options.fullTimeout, '10s'),
      retryForMs: time('retryFor', options.retryFor, '1d'),
      closeTimeoutMs: time('closeTimeout', options.closeTimeout, '10s'),
    },
    saveTimeoutMs: readSaveTimeout(options.saveTimeout),
    retryIf: checkFunction('through.retryIf', options.retryIf, 'a function of an error'),
    onDeadLetter: checkFunction(
      'through.onDeadLetter',
      options.onDeadLetter,
      'a function of a write that is given up',
    ) as BehindSettings['onDeadLetter'] | undefined,
    flushOnSignal: checkBoolean('through.flushOnSignal', flushOnSignal),
    journal: journal === undefined ? undefined : readJournalOptions(journal),
    queue: queue === undefined ? undefined : readQueueOptions(queue),
  };
}

function readSaveTimeout(given: Duration = '30s'): number {
  const ms = parseDuration('through.saveTimeout', given);
  if (ms === 0) throw new ConfigError('through.saveTimeout', given, 'a duration longer than 0');
  return ms;
}

function readJournalOptions(journal: string | JournalOptions): NonNullable<BehindSettings['journal']> {
  const isPath = typeof journal === 'string';
  if (!isPath) checkOptions('through.journal', journal, ['file', 'fsync'], 'the path of a file, or ');
  const { file, fsync = true } = isPath ? { file: journal } : journal;
  if (typeof file !== 'string' || file === '')
    throw new ConfigError(isPath ? 'through.journal' : 'through.journal.file', file, 'the path of a file');
  return { file, fsync: checkBoolean('through.journal.fsync', fsync) };
}

/** BullMQ goes back to the server that it was given: it would wait for one that has been replaced. */
const ONE_SERVER = 'the address of one server that is not replaced, like redis://host:6379/0';

function checkQueueUrl(setting: string, url: unknown): asserts url is string {
  if (typeof url === 'string' && /^(redis|valkey)s?:\/\//.test(url)) return;
  const form = typeof url === 'string' ? /^(?:redis|valkey)s?\+(cluster|sentinel):/.exec(url)?.[1] : undefined;
  if (form === undefined) throw new ConfigError(setting, HIDDEN, 'an address like redis://host:6379/0');
  const what = form === 'cluster' ? 'a cluster' : 'what sentinels name';
  throw new ConfigError(setting, maskUrl(url as string), ONE_SERVER, undefined, `is ${what}, which no queue can be in`);
}

/** What a queue may be called: part of the names of its keys. */
const PREFIX = /^[\w.-]+$/;
/** Of a shorter one a process would lose what it has under way to another one that is not ahead of it. */
const SHORTEST_LEASE_MS = 500;

function readQueueOptions(queue: string | QueueOptions): QueueSettings {
  const isUrl = typeof queue === 'string';
  if (!isUrl) checkOptions('through.queue', queue, ['url', 'prefix', 'worker', 'lease'], 'a redis:// URL, or ');
  const { url, prefix = 'viewcache', worker = true, lease = '10s' } = isUrl ? { url: queue } : queue;
  checkQueueUrl(isUrl ? 'through.queue' : 'through.queue.url', url);
  if (typeof prefix !== 'string' || !PREFIX.test(prefix))
    throw new ConfigError('through.queue.prefix', prefix, 'letters, digits, and any of . _ -');
  const leaseMs = parseDuration('through.queue.lease', lease);
  if (leaseMs < SHORTEST_LEASE_MS) throw new ConfigError('through.queue.lease', lease, "'500ms' or longer");
  return { url, prefix, isWorker: checkBoolean('through.queue.worker', worker), leaseMs };
}
