import type { Bound } from './bounds.js';
import type { Path } from './candidate.js';
import { bareFor, CANDIDATES, type CandidateName } from './candidates.js';
import type { Size } from './payload.js';

/** One line of a table: a candidate under one kind of load. */
export interface Row {
  /** Unique within a run: `hit 2k raw`. */
  id: string;
  candidate: CandidateName;
  path: Path;
  size: Size;
  /** How many URLs a hit row asks for in turn. @defaultValue the same one all the time */
  urls?: number;
  bounds: readonly Bound[];
}

/** The rows of one table, which are compared with each other. */
export interface Scenario {
  title: string;
  path: Path;
  size: Size;
  rows: readonly Row[];
  /** In `shared`, some of the rows cache in Redis. */
  suite: Suite;
}

type Bounds = Partial<Record<CandidateName, readonly Bound[]>>;

const HIT_2K: Bounds = {
  'express-create-server': [
    { kind: 'ratio', to: 'express', atMost: 1 / 2.5, nodes: [20, 22], words: '≤ 0.40 × `app.listen`' },
  ],
  'cache-page': [
    { kind: 'ratio', to: 'raw', atMost: 1.45, nodes: [24], words: '≤ 1.45 × raw' },
    { kind: 'ratio', to: 'express', atMost: 1, words: '< bare Express' },
  ],
  'cache-page-create-server': [{ kind: 'ratio', to: 'raw', atMost: 1.25, words: '≤ 1.25 × raw' }],
  'cache-page-before-middleware': [{ kind: 'ratio', to: 'raw', atMost: 1.1, words: '≤ 1.10 × raw' }],
};

const MISS_2K: Bounds = Object.fromEntries(
  (['cache-page', 'cache-page-create-server', 'cache-page-before-middleware'] as const).map((name) => [
    name,
    [{ kind: 'difference', to: bareFor(name), atMost: 6, words: '≤ +6 µs' } satisfies Bound],
  ]),
);

/** The rows of the suite `http` that those of others are compared with. */
const BESIDE: Readonly<Record<Suite, readonly CandidateName[]>> = {
  http: [],
  shared: ['raw', 'express', 'cache-page', 'cache-page-create-server'],
  nest: ['raw'],
};

const REDIS_2K: Bounds = {
  'cache-page-redis': [
    { kind: 'ratio', to: 'cache-page-create-server', atMost: 1.03, words: '≤ 1.03 × our own memory hit' },
  ],
  'cache-page-redis-only': [{ kind: 'ratio', to: 'raw', atMost: 1.8, words: '≤ 1.80 × raw' }],
};

const NEST_2K: Bounds = {
  'cache-view-express': [ofInterceptor(0.7)],
  'cache-view-adapter': [ofInterceptor(0.7)],
  'cache-view-fastify': [
    { kind: 'ratio', to: 'cache-interceptor-fastify', atMost: 1, words: '≤ 1.00 × CacheInterceptor' },
  ],
};

const NEST_50K: Bounds = {
  'cache-view-express': [ofInterceptor(0.25)],
  'cache-view-adapter': [ofInterceptor(0.25)],
  'cache-view-fastify': [{ kind: 'ratio', to: 'nest-fastify', atMost: 1, words: '≤ 1.00 × bare Nest' }],
};

function ofInterceptor(atMost: number): Bound {
  const words = `≤ ${atMost.toFixed(2)} × CacheInterceptor`;
  return { kind: 'ratio', to: 'cache-interceptor-express', atMost, words };
}

/** More than there are connections, so that no two requests at the same time ask for the same. */
const URLS = 200;

/** What is measured together and reported in one file: `http` without a shared store, `shared` with Redis, `nest` with NestJS. */
export const SUITES = ['http', 'shared', 'nest'] as const;
export type Suite = (typeof SUITES)[number];

/** Says whether a command line word names a {@link Suite}. */
export function isSuite(word: string): word is Suite {
  return SUITES.some((suite) => suite === word);
}

const MAKERS: Readonly<Record<Suite, (quick: boolean) => Scenario[]>> = {
  http: httpScenarios,
  shared: sharedScenarios,
  nest: nestScenarios,
};

/** Lists what a run measures. */
export function makeScenarios({ suite, quick, only }: ScenarioOptions): Scenario[] {
  const all = MAKERS[suite](quick);
  if (only.length === 0) return all;
  return all.map((each) => ({ ...each, rows: keepOnly(each.rows, only) })).filter(({ rows }) => rows.length > 0);
}

interface ScenarioOptions {
  suite: Suite;
  quick: boolean;
  only: readonly string[];
}

function httpScenarios(quick: boolean): Scenario[] {
  return [
    scenario('Hit, 2 KB', 'hit', '2k', HIT_2K),
    ...(quick ? [] : [scenario('Hit, 50 KB', 'hit', '50k', {})]),
    scenario('Miss, 2 KB: a URL never asked for before with every request', 'miss', '2k', MISS_2K),
  ];
}

function sharedScenarios(quick: boolean): Scenario[] {
  return [
    scenario('Hit with Redis, 2 KB', 'hit', '2k', REDIS_2K, { suite: 'shared' }),
    scenario(`Hit with Redis, 2 KB, ${URLS} URLs in turn`, 'hit', '2k', REDIS_2K, { suite: 'shared', urls: URLS }),
    ...(quick ? [] : [scenario('Hit with Redis, 50 KB', 'hit', '50k', {}, { suite: 'shared' })]),
  ];
}

function nestScenarios(quick: boolean): Scenario[] {
  return [
    scenario('Hit, 2 KB', 'hit', '2k', NEST_2K, { suite: 'nest' }),
    ...(quick ? [] : [scenario('Hit, 50 KB', 'hit', '50k', NEST_50K, { suite: 'nest' })]),
  ];
}

function scenario(
  title: string,
  path: Path,
  size: Size,
  bounds: Bounds,
  { suite = 'http', urls }: { suite?: Suite; urls?: number } = {},
): Scenario {
  const names = Object.keys(CANDIDATES) as CandidateName[];
  const isMember = (name: CandidateName): boolean => {
    if (BESIDE[suite].includes(name)) return true;
    return suiteOf(name) === suite && CANDIDATES[name].paths.includes(path);
  };
  const rows = names.filter(isMember).map((name) => ({
    id: `${path} ${size} ${urls === undefined ? '' : `${urls} urls `}${name}`,
    candidate: name,
    path,
    size,
    ...(urls !== undefined && { urls }),
    bounds: bounds[name] ?? [],
  }));
  return { title, path, size, rows, suite };
}

/** Where a candidate is at home. */
function suiteOf(name: CandidateName): Suite {
  if (CANDIDATES[name].redis) return 'shared';
  return CANDIDATES[name].server.startsWith('Nest') ? 'nest' : 'http';
}

/** Keeps the rows somebody asked for, and those that these are compared with. */
function keepOnly(rows: readonly Row[], words: readonly string[]): Row[] {
  const asked = rows.filter(({ id }) => words.some((word) => id.includes(word)));
  if (asked.length === 0) return [];
  const kept = new Set<CandidateName>(['raw', 'express']);
  for (const { candidate, bounds } of asked) {
    kept.add(candidate).add(bareFor(candidate));
    for (const { to } of bounds) kept.add(to);
  }
  return rows.filter(({ candidate }) => kept.has(candidate));
}
