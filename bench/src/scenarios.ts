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
  bounds: readonly Bound[];
}

/** The rows of one table, which are compared with each other. */
export interface Scenario {
  title: string;
  path: Path;
  size: Size;
  rows: readonly Row[];
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

/** Lists what a run measures. */
export function makeScenarios({ quick, only }: { quick: boolean; only: readonly string[] }): Scenario[] {
  const all = [
    scenario('Hit, 2 KB', 'hit', '2k', HIT_2K),
    ...(quick ? [] : [scenario('Hit, 50 KB', 'hit', '50k', {})]),
    scenario('Miss, 2 KB: a URL never asked for before with every request', 'miss', '2k', MISS_2K),
  ];
  if (only.length === 0) return all;
  return all.map((each) => ({ ...each, rows: keepOnly(each.rows, only) })).filter(({ rows }) => rows.length > 0);
}

function scenario(title: string, path: Path, size: Size, bounds: Bounds): Scenario {
  const names = Object.keys(CANDIDATES) as CandidateName[];
  const rows = names
    .filter((name) => CANDIDATES[name].paths.includes(path))
    .map((name) => ({
      id: `${path} ${size} ${name}`,
      candidate: name,
      path,
      size,
      bounds: bounds[name] ?? [],
    }));
  return { title, path, size, rows };
}

/** Keeps the rows somebody asked for, and those that these are compared with. */
function keepOnly(rows: readonly Row[], words: readonly string[]): Row[] {
  const asked = rows.filter(({ id }) => words.some((word) => id.includes(word)));
  if (asked.length === 0) return [];
  const kept = new Set<CandidateName>(['raw', 'express']);
  for (const { candidate } of asked) kept.add(candidate).add(bareExpressFor(candidate));
  return rows.filter(({ candidate }) => kept.has(candidate));
}
