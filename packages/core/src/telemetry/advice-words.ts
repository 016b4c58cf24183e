import { UNNAMED } from '../values/value-policy.js';
import type { DearLookup, FewHits, FewHitsReason, Finding, FullStore, NoTtl } from './findings.js';
import type { KeyKind } from './shown-keys.js';

type Told = FewHits | DearLookup | FullStore | NoTtl;

/** What sentences differ by, and programs do not need. */
export interface Hints {
  readonly kind: KeyKind;
  /** Most of what was invalidated was so while it was made. */
  readonly isMeanwhile: boolean;
}

const VIEWS: Hints = { kind: 'view', isMeanwhile: false };
const GUIDE = 'docs/guides/reading-the-advice.md';

/** What is the matter, and what to do: one line for people, and where to read on. */
export function said(told: Told, over: number, hints: Hints = VIEWS): Pick<Finding, 'message' | 'docs'> {
  const docs = `${GUIDE}#${told.kind === 'few-hits' ? told.reason : told.kind}`;
  return { message: `viewcache: ${textOf(told, spanOf(over), hints)}`, docs };
}

function textOf(told: Told, span: string, hints: Hints): string {
  switch (told.kind) {
    case 'few-hits':
      return `${subjectOf(told.route)} answers ${percent(told.hitRatio)} of ${told.requests} ${ASKED[hints.kind]} from the cache (${span}): ${WHY[told.reason](told, hints)}`;
    case 'dear-lookup':
      return `${subjectOf(told.route)} takes ${ms(told.handlerMs)} to make and ${ms(told.lookupMs)} to look up in the shared store (${told.lookups} times, ${span}), which costs more than it saves; ${LEAVE_OUT[hints.kind]}, or keep it in a cache of store: 'memory:'`;
    case 'full-store':
      return `memory is full, ${told.evicted} left it for space, and ${percent(told.hitRatio)} of ${told.requests} requests are answered from it (${span}); ${
        told.remedy === 'more-space'
          ? `raise maxBytes or maxEntries${told.policy === 'auto' ? '' : ", or try policy: 'auto'"}`
          : `only ${percent(told.again)} of what is stored had left it before, so that more space would not help: store less of what nobody asks for twice`
      }`;
    case 'no-ttl':
      return `${subjectOf(told.route)} stores values that never end and have no tags, so that nothing makes them new: give them a ttl, or tags`;
  }
}

const ASKED: Readonly<Record<KeyKind, string>> = { view: 'requests', call: 'calls', value: 'look-ups' };
const LEAVE_OUT: Readonly<Record<KeyKind, string>> = {
  view: 'leave the route out',
  call: 'do not memoize it',
  value: 'do not store it',
};
/** What a key is made of, and how that is left out of it. */
const KEYED: Readonly<Record<KeyKind, (examples: readonly string[]) => string>> = {
  view: (examples) => {
    const hasQuery = examples.some((example) => example.includes('?'));
    return `leave out of the key what the answer does not differ by (${hasQuery ? 'ignoreQuery, ' : ''}key)`;
  },
  call: () => 'round or leave out (ignore) the argument that the result does not differ by',
  value: () => 'leave out of the key what the value does not differ by',
};
/** An example that shows nothing. */
const BLANK = /^(?:<differs>|…)$/;
const MADE: Readonly<Record<KeyKind, string>> = { view: 'answers', call: 'results', value: 'values' };
const MAKER: Readonly<Record<KeyKind, string>> = { view: 'handler', call: 'function', value: 'producer' };

const WHY: Readonly<Record<FewHitsReason, (told: FewHits, hints: Hints) => string>> = {
  'every-key-new': ({ examples }, { kind }) => {
    const example = examples.find((shown) => !BLANK.test(shown));
    return `every ${kind === 'call' ? 'call' : 'key'} is new${example === undefined ? '' : `, such as ${example}`}; ${KEYED[kind](examples)}, or ${LEAVE_OUT[kind]}`;
  },
  refused: ({ refusals }, { kind }) => {
    const [[reason, times] = ['', 0]] = Object.entries(refusals);
    return `its ${MADE[kind]} are not stored (${reason}, ${times} times); see to that, or ${LEAVE_OUT[kind]}`;
  },
  'invalidated-early': (_told, { kind, isMeanwhile }) =>
    isMeanwhile
      ? `what it makes is invalidated while it is made, most often by what its own ${MAKER[kind]} writes, such as a counter or a session; keep that apart from what the ${MADE[kind]} are made of, or ${LEAVE_OUT[kind]}`
      : `what is stored is invalidated before it is asked for again; name finer tags, such as T#id in place of T, or ${LEAVE_OUT[kind]}`,
  'expired-early': (_told, { kind }) =>
    `its ttl ends before it is asked for again; give it a longer one, or ${LEAVE_OUT[kind]}`,
  'evicted-early': () => 'it leaves memory for space before it is asked for again; raise maxBytes or maxEntries',
  several: () => 'for several reasons; stats() and explain() have them',
};

/** Names that stand for many: nobody has written them. */
const TOGETHER: Readonly<Record<string, string>> = {
  '(no route)': 'what no route answers',
  '(other)': 'all beyond the first 200 routes and names',
  [UNNAMED]: 'all values without a name',
};

function subjectOf(route: string): string {
  const together = Object.hasOwn(TOGETHER, route) ? TOGETHER[route] : undefined;
  return together === undefined ? route : `${route}, ${together},`;
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

function spanOf(seconds: number): string {
  return seconds < 120 ? `the last ${Math.max(1, seconds)} s` : `the last ${Math.round(seconds / 60)} min`;
}
