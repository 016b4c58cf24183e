import type { DearLookup, FewHits, FewHitsReason, Finding, FullStore, NoTtl } from './findings.js';

const GUIDE = 'docs/guides/reading-the-advice.md';

/** What is the matter, and what to do: one line for people, and where to read on. */
export function said(told: FewHits | DearLookup | FullStore | NoTtl, over: number): Pick<Finding, 'message' | 'docs'> {
  const docs = `${GUIDE}#${told.kind === 'few-hits' ? told.reason : told.kind}`;
  return { message: `viewcache: ${textOf(told, spanOf(over))}`, docs };
}

function textOf(told: FewHits | DearLookup | FullStore | NoTtl, span: string): string {
  switch (told.kind) {
    case 'few-hits':
      return `${told.route} answers ${percent(told.hitRatio)} of ${told.requests} requests from the cache (${span}): ${WHY[told.reason](told)}`;
    case 'dear-lookup':
      return `${told.route} takes ${ms(told.handlerMs)} to make and ${ms(told.lookupMs)} to look up in the shared store (${told.lookups} times, ${span}), which costs more than it saves; leave it out, or keep it in a cache of store: 'memory:'`;
    case 'full-store':
      return `memory is full, ${told.evicted} left it for space, and ${percent(told.hitRatio)} of ${told.requests} requests are answered from it (${span}); ${
        told.remedy === 'more-space'
          ? `raise maxBytes or maxEntries${told.policy === 'auto' ? '' : ", or try policy: 'auto'"}`
          : `${percent(1 - told.again)} of what is stored nobody had asked for before: store less of that`
      }`;
    case 'no-ttl':
      return `${told.route} stores values that never end and have no tags, so that nothing makes them new: give them a ttl, or tags`;
  }
}

const WHY: Readonly<Record<FewHitsReason, (told: FewHits) => string>> = {
  'every-key-new': ({ examples: [example] }) =>
    `every key is new${example === undefined ? '' : `, such as ${example}`}; leave out of the key what the answer does not differ by (ignoreQuery, key), or leave the route out`,
  refused: ({ refusals }) => {
    const [[reason, times] = ['', 0]] = Object.entries(refusals);
    return `its answers are not stored (${reason}, ${times} times); see to that, or leave the route out`;
  },
  'invalidated-early': () =>
    'what is stored is invalidated before it is asked for again; name finer tags, such as T#id in place of T, or leave the route out',
  'expired-early': () => 'its ttl ends before it is asked for again; give it a longer one, or leave the route out',
  'evicted-early': () => 'it leaves memory for space before it is asked for again; raise maxBytes or maxEntries',
  several: () => 'for several reasons; stats() and explain() have them',
};

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

function spanOf(seconds: number): string {
  return seconds < 120 ? `the last ${seconds} s` : `the last ${Math.round(seconds / 60)} min`;
}
