import { type Hints, said } from './advice-words.js';
import type { DearLookup, FewHits, FewHitsReason, Finding, FullStore, NoTtl, StoreFacts } from './findings.js';
import type { RouteFigures, RouteWatch } from './route-watch.js';
import { shownKeys } from './shown-keys.js';

/** Of less than this nothing is said. */
const ENOUGH = 100;
/** A handler's own time is an average of this many runs at least. */
const ENOUGH_RUNS = 20;
const FEW_HITS = 0.2;
const FULL_HITS = 0.8;
/** A reason for a miss that is known by itself is to stand for this much of them … */
const MOST = 0.5;
/** … and one that is known by what has left memory for this much: an end comes later than its miss, or in the next window. */
const MUCH = 0.25;
/** Below this a larger store answers hardly more. */
const SELDOM = 0.2;

type Told = FewHits | DearLookup | FullStore | NoTtl;

/** What could be better, what concerns the most requests first. */
export function judge(
  routes: readonly RouteWatch[],
  evicted: number,
  store: StoreFacts,
  over: number,
): readonly Finding[] {
  const findings: (readonly [concerns: number, told: Told | undefined, hints?: Hints])[] = [];
  const all = { requests: 0, served: 0, new: 0, returned: 0 };
  for (const watch of routes) {
    const figures = watch.read();
    const { route, misses } = figures;
    const served = figures.hits + figures.collapsed;
    const requests = served + misses;
    const again = figures.again / Math.max(1, figures.new + figures.again);
    all.requests += requests;
    all.served += served;
    all.new += figures.new;
    all.returned += figures.returned;
    if (requests >= ENOUGH && served < requests * FEW_HITS && !isAstray(figures))
      findings.push([misses, fewHits(figures, again, requests, served / requests), hintsOf(figures)]);
    findings.push([requests, dearLookup(figures, requests), hintsOf(figures)]);
    if (watch.endless > 0 && watch.total >= ENOUGH)
      findings.push([0, { kind: 'no-ttl', route, stored: watch.endless }]);
  }
  const full = fullStore(all, evicted, store);
  // More space could answer so many; where it is of no use, the routes that fill it are what there is to mend.
  findings.push([full?.remedy === 'more-space' ? (all.requests - all.served) * full.again : 0, full]);
  return findings
    .sort(([a], [b]) => b - a)
    .flatMap(([, told, hints]) => (told === undefined ? [] : [{ ...told, over, ...said(told, over, hints) }]));
}

/** What was never there, such as what bots ask for: nobody can mend that. */
function isAstray({ route, refusals: [first] }: RouteFigures): boolean {
  return route === '(no route)' && first?.[0] === 'status';
}

function hintsOf({ kind, invalidated, meanwhile }: RouteFigures): Hints {
  return { kind, isMeanwhile: meanwhile > invalidated / 2 };
}

function fewHits(figures: RouteFigures, again: number, requests: number, hitRatio: number): FewHits {
  const { route, refusals, examples } = figures;
  return {
    kind: 'few-hits',
    route,
    ...reasonOf(figures, again),
    requests,
    hitRatio,
    refusals: Object.fromEntries(refusals),
    examples: shownKeys(examples),
  };
}

function reasonOf(
  { misses, runs, refusals, invalidated, expired, evicted }: RouteFigures,
  again: number,
): Pick<FewHits, 'reason' | 'share'> {
  const refused = refusals.reduce((sum, [, times]) => sum + times, 0);
  const known = mostOf({ refused, 'every-key-new': runs * (1 - again) }, misses, MOST);
  const ends = { 'invalidated-early': invalidated, 'expired-early': expired, 'evicted-early': evicted };
  return known ?? mostOf(ends, misses, MUCH) ?? { reason: 'several', share: 0 };
}

function mostOf(reasons: Partial<Record<FewHitsReason, number>>, misses: number, atLeast: number) {
  const [[reason, times] = ['', 0]] = Object.entries(reasons).sort(([, a], [, b]) => b - a);
  if (times < misses * atLeast) return undefined;
  return { reason: reason as FewHitsReason, share: Math.min(1, times / misses) };
}

function dearLookup(figures: RouteFigures, requests: number): DearLookup | undefined {
  const { route, lookups, lookupMs, runs, runMs, timeSavedMs } = figures;
  // One that is slower than its handler, and is seldom asked for what memory has, saves time all the same.
  if (lookups < ENOUGH || runs < ENOUGH_RUNS || lookupMs <= timeSavedMs || lookupMs / lookups <= runMs / runs)
    return undefined;
  return {
    kind: 'dear-lookup',
    route,
    requests,
    lookups,
    lookupMs: lookupMs / lookups,
    handlerMs: runMs / runs,
  };
}

function fullStore(
  all: { readonly requests: number; readonly served: number; readonly new: number; readonly returned: number },
  evicted: number,
  { eviction, entries, bytes }: StoreFacts,
): FullStore | undefined {
  const { requests } = all;
  const hitRatio = all.served / requests;
  if (requests < ENOUGH || evicted < ENOUGH || hitRatio >= FULL_HITS || eviction === undefined) return undefined;
  // What was invalidated or has ended is made again in a memory of any size.
  const again = all.returned / Math.max(1, all.new + all.returned);
  const remedy = again < SELDOM ? 'store-less' : 'more-space';
  return { kind: 'full-store', requests, hitRatio, evicted, again, remedy, policy: eviction.policy, entries, bytes };
}
