import type { Bound } from './bounds.js';
import { bareExpressFor, CANDIDATES, type CandidateName, type Path } from './candidates.js';
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
  /** Some of the rows cache in Redis. */
  usesRedis: boolean;
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
    [{ kind: 'difference', to: bareExpressFor(name), atMost: 6, words: '≤ +6 µs' } satisfies Bound],
  ]),
);

/** The rows without Redis that those with it are compared with. */
const BESIDE_REDIS: readonly CandidateName[] = ['raw', 'express', 'cache-page', 'cache-page-create-server'];

const REDIS_2K: Bounds = {
  'cache-page-redis': [
    { kind: 'ratio', to: 'cache-page-create-server', atMost: 1.03, words: '≤ 1.03 × our own memory hit' },
  ],
  'cache-page-redis-only': [{ kind: 'ratio', to: 'raw', atMost: 1.8, words: '≤ 1.80 × raw' }],
};

/** More than there are connections, so that no two requests at the same time ask for the same. */
const URLS = 200;

/** What is measured together and reported in one file: `http` without a shared store, `shared` with Redis. */
export type Suite = 'http' | 'shared';

/** Lists what a run measures. */
export function makeScenarios({ suite, quick, only }: ScenarioOptions): Scenario[] {
  const all = suite === 'shared' ? sharedScenarios(quick) : httpScenarios(quick);
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
    scenario('Hit with Redis, 2 KB', 'hit', '2k', REDIS_2K, { usesRedis: true }),
    scenario(`Hit with Redis, 2 KB, ${URLS} URLs in turn`, 'hit', '2k', REDIS_2K, { usesRedis: true, urls: URLS }),
    ...(quick ? [] : [scenario('Hit with Redis, 50 KB', 'hit', '50k', {}, { usesRedis: true })]),
  ];
}

function scenario(
  title: string,
  path: Path,
  size: Size,
  bounds: Bounds,
  { usesRedis = false, urls }: { usesRedis?: boolean; urls?: number } = {},
): Scenario {
  const names = Object.keys(CANDIDATES) as CandidateName[];
  const isMember = (name: CandidateName): boolean => {
    if (CANDIDATES[name].redis) return usesRedis;
    return CANDIDATES[name].paths.includes(path) && (!usesRedis || BESIDE_REDIS.includes(name));
  };
  const rows = names.filter(isMember).map((name) => ({
    id: `${path} ${size} ${urls === undefined ? '' : `${urls} urls `}${name}`,
    candidate: name,
    path,
    size,
    ...(urls !== undefined && { urls }),
    bounds: bounds[name] ?? [],
  }));
  return { title, path, size, rows, usesRedis };
}

/** Keeps the rows somebody asked for, and those that these are compared with. */
function keepOnly(rows: readonly Row[], words: readonly string[]): Row[] {
  const asked = rows.filter(({ id }) => words.some((word) => id.includes(word)));
  if (asked.length === 0) return [];
  const kept = new Set<CandidateName>(['raw', 'express']);
  for (const { candidate, bounds } of asked) {
    kept.add(candidate).add(bareExpressFor(candidate));
    for (const { to } of bounds) kept.add(to);
  }
  return rows.filter(({ candidate }) => kept.has(candidate));
}
