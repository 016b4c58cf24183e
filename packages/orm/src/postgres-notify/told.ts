import { runtimeOf } from '@viewcache/core/node';
import type { OpenSource } from '../source/open-source.js';
import type { WriteEvent } from '../source/outcome.js';
import type { WatchSettings } from '../source/read-options.js';
import type { TableName } from '../statements/footprint-types.js';
import type { Coverage } from './coverage.js';
import { anyOf, KnownTables } from './known-tables.js';
import type { Ask } from './listener.js';
import { readPayload } from './payload.js';

/** Makes what a database tells into invalidations. */
export class Told {
  readonly counts = { notifications: 0, breaks: 0 };
  readonly #opened: OpenSource;
  readonly #settings: { readonly watch: WatchSettings; readonly flushOnStart: boolean };
  readonly #tables: KnownTables;
  readonly #said = new Set<string>();
  #hasListened = false;

  constructor(
    opened: OpenSource,
    settings: { readonly watch: WatchSettings; readonly channel: string; readonly flushOnStart: boolean },
  ) {
    this.#opened = opened;
    this.#settings = settings;
    this.#tables = new KnownTables(settings.channel, ({ catalogue, coverage }) => {
      const path = { schemas: catalogue.searchPath, isSure: true };
      opened.know((map) => catalogue.fill(map, coverage.isCovered), path);
      this.#warnOfMissing(coverage);
    });
  }

  /** Whatever was committed before now may have been missed. */
  async listening(ask: Ask): Promise<void> {
    const gone = await this.#tables.read(ask);
    if (this.#hasListened || this.#settings.flushOnStart) await this.#flush(gone, 'LISTEN');
    this.#hasListened = true;
    this.#said.clear();
  }

  async heard(payloads: readonly string[], ask: Ask): Promise<void> {
    this.counts.notifications += payloads.length;
    const all = payloads.map(readPayload);
    const events = all.flatMap((heard) => (heard.kind === 'unknown' ? [] : (heard.event ?? [])));
    // In one turn: nothing is made between two writes of one commit.
    if (events.length > 0) void this.#tell(events, saidOf(events));
    if (all.some(({ kind }) => kind === 'unknown')) await this.#flush([], 'NOTIFY');
    if (!all.some(({ kind }) => kind === 'ddl')) return;
    const gone = await this.#tables.read(ask);
    const isAny = all.some((heard) => heard.kind === 'ddl' && heard.event === undefined);
    if (isAny) await this.#flush(gone, 'installPostgresNotify');
    else if (gone.length > 0) await this.#tell(anyOf(gone), 'DDL');
  }

  /** Where nobody tells of tables that come and go, they are looked for. */
  async check(ask: Ask): Promise<void> {
    if (await this.#tables.haveChanged(ask)) await this.#flush(await this.#tables.read(ask), 'DDL');
  }

  broke(error: Error, wasListening: boolean): void {
    if (wasListening) this.counts.breaks++;
    const state = wasListening ? 'has broken' : 'could not be made';
    this.#warn(
      `watchPostgresNotify: the connection ${state} (${error.message}); until it is there, writes made outside this app are not heard`,
    );
  }

  async #flush(gone: readonly TableName[], said: string): Promise<void> {
    await this.#tell(anyOf([...gone, ...this.#tables.all]), said);
  }

  async #tell(events: readonly WriteEvent[], said: string): Promise<void> {
    await this.#opened.source.wroteTogether(undefined, () => ({ events, said }));
  }

  #warnOfMissing({ missing }: Coverage): void {
    if (missing.length === 0) return;
    const named = missing.slice(0, 10).map(({ table, schema }) => `${schema}.${table}`);
    const more = missing.length > named.length ? ` and ${missing.length - named.length} more` : '';
    this.#warn(
      `watchPostgresNotify: writes to ${named.join(', ')}${more} are not told; call installPostgresNotify() again`,
    );
  }

  /** Once, until it listens again. */
  #warn(message: string): void {
    if (this.#said.has(message)) return;
    this.#said.add(message);
    runtimeOf(this.#settings.watch.cache)?.telemetry.emit({ type: 'warning', message });
  }
}

function saidOf(events: readonly WriteEvent[]): string {
  const [{ verb, table, schema }] = events as [WriteEvent];
  const more = events.length > 1 ? ` and ${events.length - 1} more` : '';
  return `${verb} ${schema}.${table}${more}, told by PostgreSQL`;
}
