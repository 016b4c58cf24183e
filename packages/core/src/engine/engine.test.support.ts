import { readViewOptions } from '../config/view-options.js';
import { selectingValue } from '../http/vary.js';
import { TagTable } from '../invalidation/tag-table.js';
import type { CacheEvent } from '../ports/event-sink.js';
import { MemoryStore } from '../stores/memory.js';
import { Telemetry } from '../telemetry/telemetry.js';
import { FakeClock } from '../testing/fake-clock.js';
import { Engine } from './engine.js';
import type { EngineLimits, EngineParts } from './engine-parts.js';
import type { Answer, Visitor } from './flight.js';
import type { Candidate, Lead } from './lead.js';
import type { LocalItem } from './local-item.js';
import { Trust } from './trust.js';
import { VariantIndex } from './variants.js';

/** How far L1 may lag behind a shared store, in milliseconds. */
export const LAG = 1_000;

const policy = readViewOptions<object, object>('test', 60);

export const candidate = (body: string, more: Partial<Candidate> = {}): Candidate => ({
  status: 200,
  headers: ['Content-Type', 'text/plain'],
  removes: [],
  body: Buffer.from(body),
  selecting: [],
  tags: ['t'],
  lifetimeMs: 60_000,
  initialAgeMs: 0,
  etag: undefined,
  lastModified: undefined,
  route: '/r',
  producerMs: 5,
  placeholders: [],
  ...more,
});

/** A visitor that writes down what becomes of it. */
export class Guest implements Visitor {
  readonly key;
  readonly fields;
  isGone = false;
  /** `hit one`, `collapsed one`, `led uri-miss`. */
  readonly log: string[] = [];
  leads: Lead | undefined;
  hurried = 0;
  fails = false;

  constructor(
    url: string,
    fields: Record<string, string> = {},
    readonly policyNames: readonly string[] = [],
  ) {
    this.key = policy.keys.plain('GET', 'http', 'h', url);
    this.fields = { get: (name: string) => fields[name] };
  }

  answer(item: LocalItem, how: Answer): void {
    this.log.push(`${how} ${item.stored.body}`);
    if (this.fails) throw new Error('the socket is in a state');
  }

  lead(lead: Lead): void {
    this.log.push(`led ${lead.fwd}`);
    this.leads = lead;
    if (this.fails) throw new Error('the handler is in a state');
  }

  hurry(): void {
    this.hurried++;
  }

  complete(body: string, more: Partial<Candidate> = {}): void {
    this.leads?.complete(candidate(body, more));
  }
}

interface Given extends Partial<Omit<EngineParts, 'clock' | 'limits'>> {
  readonly clock?: FakeClock;
  readonly limits?: Partial<EngineLimits>;
}

/** An engine in memory, where nothing else is given, to which guests come. */
export function openEngine({ limits, ...given }: Given = {}) {
  const { clock = new FakeClock(), tags = new TagTable() } = given;
  const telemetry = new Telemetry();
  const events: CacheEvent[] = [];
  telemetry.listen((event) => events.push(event));
  const memory = new MemoryStore<LocalItem>({
    clock,
    maxEntries: 100,
    maxBytes: 100_000,
    onRemove: (_key, item) => tags.release(item.records),
  });
  const { local = memory } = given;
  const engine = new Engine({
    local,
    tags,
    variants: new VariantIndex(3),
    shared: undefined,
    trust: new Trust(clock, given.shared === undefined ? Number.POSITIVE_INFINITY : LAG),
    clock,
    sink: telemetry,
    limits: { waitersPerKey: 5, collapseTimeoutMs: 10_000, hitForMissMs: 2_000, ...limits },
    storesNothing: false,
    normalizeSelecting: selectingValue,
    ...given,
  });
  const come = (url = '/', fields: Record<string, string> = {}, names: readonly string[] = []): Guest => {
    const guest = new Guest(url, fields, names);
    const item = engine.find(guest.key, guest.policyNames, guest.fields);
    if (item === undefined) engine.fetch(guest);
    else guest.answer(item, 'hit');
    return guest;
  };
  return { clock, tags, telemetry, events, local, engine, come };
}
