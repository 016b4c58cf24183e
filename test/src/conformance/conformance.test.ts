import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Keyv } from 'keyv';
import { REQUEST_DIRECTIVES } from '../../../packages/core/dist/config/view-option-types.js';
import { closeAfterEach } from '../support/site.js';
import { cannotPass, demandsAsking } from './reasons.js';
import { type Conditions, type Outcome, runSuite, tests } from './run.js';

closeAfterEach();

type Outcomes = Record<string, Outcome>;
type Expected = Record<'everything' | 'defaults', Outcomes>;

const file = new URL('../../src/conformance/expected.json', import.meta.url);
const expected = JSON.parse(readFileSync(file, 'utf8')) as Expected;
/** Profiles whose expectation is still to be rewritten, each by its first run: `UPDATE_CONFORMANCE=1`, for a change that is meant. */
const outdated = new Set<string>(process.env['UPDATE_CONFORMANCE'] === undefined ? [] : Object.keys(expected));

/** Every option by which the standard profile does more than it does unasked. */
const everything: Conditions['options'] = {
  heuristicFreshness: true,
  storeCookies: ['a'],
  honourRequest: REQUEST_DIRECTIVES,
};

function compare(profile: keyof Expected, found: Outcomes): void {
  if (outdated.delete(profile)) {
    expected[profile] = found;
    writeFileSync(file, `${JSON.stringify(expected, undefined, 2)}\n`);
  }
  expect(found).toEqual(expected[profile]);
}

async function run(conditions: Conditions): Promise<Outcomes> {
  return Object.fromEntries([...(await runSuite(conditions))].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const required = tests.filter(({ kind = 'required' }) => kind === 'required').map(({ id }) => id);
const missed = (outcomes: Outcomes) => required.filter((id) => outcomes[id] !== 'pass');

/** A second or two on a machine that has nothing else to do; the time of the tests is the clock's. */
const PATIENCE_MS = 120_000;

describe('http-cache-tests 0.4.5, standard profile', () => {
  it.each<readonly [string, Conditions]>([
    ['res.end, memory', { ending: 'res.end' }],
    ['res.send, memory', { ending: 'res.send' }],
    ['res.end, a Keyv', { ending: 'res.end', store: new Keyv() }],
    ['res.send, a Keyv', { ending: 'res.send', store: new Keyv() }],
  ])(
    '%s: every outcome is the expected one',
    async (_how, conditions) => {
      compare('everything', await run({ options: everything, makesEtags: false, ...conditions }));
    },
    PATIENCE_MS,
  );

  it(
    'with defaults: every outcome is the expected one',
    async () => {
      compare('defaults', await run({ ending: 'res.send' }));
    },
    PATIENCE_MS,
  );

  it('fails only those of the 165 required tests whose reason is written down', () => {
    expect(required).toHaveLength(165);
    expect(missed(expected.everything).sort()).toEqual(Object.keys(cannotPass).sort());
  });

  it('with defaults fails besides only what has to be asked for', () => {
    const only = missed(expected.defaults).filter((id) => cannotPass[id] === undefined);
    expect(only.sort()).toEqual(Object.keys(demandsAsking).sort());
  });
});
