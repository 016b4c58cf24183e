import { describe, expect, it } from '@jest/globals';
import type { Visitor } from './flight.js';
import { Lead, type LeadOwner } from './lead.js';
import type { StaleItem } from './local-item.js';

function leadWith(isShared: boolean, hasToken: boolean, validity: StaleItem['validity'] | undefined) {
  const owner = { isShared } as LeadOwner;
  const stale = validity === undefined ? undefined : ({ validity } as StaleItem);
  const sharedToken = hasToken ? {} : undefined;
  return new Lead(owner, {} as Visitor, {
    token: 0,
    sharedToken,
    startedAt: 0,
    fwd: 'stale',
    flight: undefined,
    stale,
  });
}

describe('what a 304 may freshen (PROTOCOL 4.10)', () => {
  it.each<[string, boolean, boolean, StaleItem['validity'] | undefined, boolean]>([
    ['valid, in memory alone', false, false, 'valid', true],
    ['valid by the read that took the token', true, true, 'valid', true],
    ['valid as far as this process knows, though others were not asked', true, false, 'valid', false],
    ['invalidated', false, false, 'stale', false],
    ['invalidated by the word of the shared store', true, true, 'stale', false],
    ['nothing', true, true, undefined, false],
  ])('%s', (_what, isShared, hasToken, validity, isFreshenable) => {
    const lead = leadWith(isShared, hasToken, validity);

    expect(lead.freshenable).toBe(isFreshenable ? lead.stale : undefined);
  });
});
