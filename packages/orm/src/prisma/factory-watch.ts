import { runtimeOf } from '@viewcache/core/node';
import { TableReader } from '../pg/table-reader.js';
import { type OpenSource, openSource } from '../source/open-source.js';
import type { WatchSettings } from '../source/read-options.js';
import { Replaced } from '../source/replaced.js';
import type { WatchedSource } from '../source/watched-source.js';
import { CATALOGUES } from '../sql/read-source.js';
import { statementsOf } from '../statements/dialect-statements.js';
import type { DeliveryCounts } from '../writes/delivery.js';
import type { ReachedClient } from './client-core.js';
import { type Models, modelsOf } from './models.js';
import type { ClientCore, DriverAdapter } from './prisma-types.js';
import { countedKey, tableFacts } from './table-facts.js';
import { PrismaUnheardError } from './unheard-error.js';
import { watchedAdapter } from './watched-adapter.js';
import { attachToClient, type ClientParty } from './watched-client.js';

/** What becomes of one factory of adapters: it outlives watches, as the adapters do that it has made. */
interface Heard {
  readonly watches: Set<FactoryWatch>;
  /** Theirs: each statement asks for them. */
  sources: readonly WatchedSource[];
  /** The adapter that clients use now, as it is without us; `undefined` where none was made while somebody watched. */
  adapter: DriverAdapter | undefined;
}

const heard = new WeakMap<object, Heard>();

function heardOf(factory: object): Heard {
  const known = heard.get(factory) ?? { watches: new Set(), sources: [], adapter: undefined };
  heard.set(factory, known);
  return known;
}

const connects: Replaced<FactoryWatch> = new Replaced('connect', (original, parties) => {
  return async function connect(...given) {
    const adapter = (await original.apply(this, given)) as DriverAdapter;
    const [party] = parties;
    if (party === undefined) return adapter;
    const { dialect } = party.reached;
    const known = heardOf(this);
    known.adapter = adapter;
    for (const watch of known.watches) watch.connected();
    return watchedAdapter(adapter, dialect, {
      statements: statementsOf(dialect),
      countedKey: (table) => party.countedKey(table),
      sources: () => known.sources,
      disposed() {
        if (known.adapter === adapter) known.adapter = undefined;
      },
    });
  };
});

/** Where a database keeps what names no schema, if the adapter does not say. */
const USUAL_SCHEMA = { postgres: 'public', sqlite: 'main', mysql: undefined } as const;

const TOO_LATE =
  'watchPrisma: the client was connected before it was watched: until it connects again, nothing that it reads is stored, and each of its writes invalidates everything';

const UNHEARD = 'the client was connected before it was watched';

/** One factory of adapters that is watched for one cache, by whichever clients use it. */
export class FactoryWatch {
  readonly reached: ReachedClient;
  readonly #settings: WatchSettings;
  readonly #opened: OpenSource;
  readonly #reader: TableReader | undefined;
  readonly #heard: Heard;
  /** Of each client that uses it. */
  readonly #models = new Set<Models>();
  readonly #stop: () => void;
  #isWarned = false;

  /** @param readsTables - whether the database is asked what its tables are */
  constructor(reached: ReachedClient, settings: WatchSettings, readsTables: boolean) {
    const { factory, dialect } = reached;
    this.reached = reached;
    this.#settings = settings;
    const statements = statementsOf(dialect);
    const reader = () => this.#reader;
    this.#opened = openSource(settings, { name: 'prisma', dialect, statements, learns: true, reader });
    if (readsTables)
      this.#reader = new TableReader('watchPrisma', this, this.#opened.know, settings, CATALOGUES[dialect]);
    this.#heard = heardOf(factory);
    this.#heard.watches.add(this);
    this.#list();
    this.#stop = connects.on(factory, this);
  }

  get source(): WatchedSource {
    return this.#opened.source;
  }

  counts(): DeliveryCounts {
    return this.#opened.counts();
  }

  close(): void {
    this.#heard.watches.delete(this);
    this.#list();
    this.#stop();
    this.#opened.close();
  }

  #list(): void {
    this.#heard.sources = [...this.#heard.watches].map(({ source }) => source);
  }

  /** Hears of the calls of a client. */
  hear({ core, dialect }: ReachedClient, client: object): () => void {
    const models = modelsOf(core, dialect);
    this.#models.add(models);
    this.connected();
    const party: ClientParty = {
      source: this.source,
      models,
      dialect,
      schema: () => this.#schema,
      isHeard: () => this.#isHeard,
      woken: () => {
        // Before that there is nobody to ask.
        if (this.#isHeard) this.#reader?.wake();
        return this.#isHeard ? undefined : this.#connect(core).catch(() => {});
      },
      missed: (said) => void this.source.wroteTogether(undefined, () => ({ events: [], said, everything: UNHEARD })),
    };
    return attachToClient(core, client, party);
  }

  /** Resolves when the tables are known. */
  async ready({ core }: ReachedClient): Promise<void> {
    if (!this.#isHeard) await this.#connect(core);
    if (!this.#isHeard) throw new PrismaUnheardError(TOO_LATE);
    await this.#reader?.ready();
  }

  /** An adapter is there, and with it the name of the schema that it uses. */
  connected(): void {
    if (!this.#isHeard) return;
    const schema = this.#schema;
    if (this.#reader !== undefined) this.#reader.ready().catch(() => {});
    else
      this.#opened.know(
        (map) => {
          for (const models of this.#models) map.describe(tableFacts(models, schema));
        },
        { schemas: schema === undefined ? [] : [schema], isSure: this.reached.dialect !== 'postgres' },
      );
  }

  /** Asks the database for the {@link TableReader}, by a way that nobody watches. */
  async query(sql: string): Promise<{ readonly rows: readonly object[] }> {
    if (this.#heard.adapter === undefined) throw new Error('not connected');
    return await this.#heard.adapter.queryRaw({ sql, args: [], argTypes: [] });
  }

  /** Of a table, whichever schema it is in; `undefined` where two of its name differ. */
  countedKey(table: string): string | undefined {
    const found = [...this.#models].flatMap((models) => [...models.values()].filter((model) => model.table === table));
    const [key, another] = new Set(found.map(countedKey));
    return found.length === 0 ? this.#reader?.countedKey(table) : another === undefined ? key : undefined;
  }

  get #isHeard(): boolean {
    return this.#heard.adapter !== undefined;
  }

  get #schema(): string | undefined {
    const { adapter } = this.#heard;
    return adapter?.getConnectionInfo?.().schemaName ?? USUAL_SCHEMA[this.reached.dialect];
  }

  async #connect(core: ClientCore): Promise<void> {
    await core._engine.start();
    if (this.#isHeard || this.#isWarned) return;
    this.#isWarned = true;
    runtimeOf(this.#settings.cache)?.telemetry.emit({ type: 'warning', message: TOO_LATE });
  }
}
