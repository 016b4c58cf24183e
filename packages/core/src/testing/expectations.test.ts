import { AssertionError } from 'node:assert';
import { describe, expect, it } from '@jest/globals';
import type { Answered } from './cache-status.js';
import {
  type ExpectedStatus,
  expectBypass,
  expectHit,
  expectMiss,
  expectNotStored,
  expectStale,
  expectStored,
} from './expectations.js';

const ALL = { expectHit, expectMiss, expectStored, expectNotStored, expectStale, expectBypass };
type Name = keyof typeof ALL;

function answered(field: string): Answered {
  return { headers: { 'cache-status': `viewcache; ${field}` } };
}

describe('expectations of Cache-Status', () => {
  // Which of all of them hold for what a server may say.
  it.each<[string, readonly Name[]]>([
    ['hit; ttl=297', ['expectHit']],
    ['fwd=uri-miss; collapsed; ttl=300', ['expectHit']],
    ['hit; ttl=-12', ['expectStale']],
    ['fwd=uri-miss; stored', ['expectMiss', 'expectStored']],
    ['fwd=stale; stored', ['expectMiss', 'expectStored']],
    ['fwd=uri-miss', ['expectMiss', 'expectNotStored']],
    ['fwd=stale; fwd-status=503; ttl=-12', ['expectMiss', 'expectNotStored', 'expectStale']],
    ['fwd=stale; ttl=40', ['expectMiss', 'expectNotStored', 'expectStale']],
    ['fwd=bypass', ['expectNotStored', 'expectBypass']],
    ['fwd=method', ['expectNotStored', 'expectBypass']],
  ])('%s', (field, held) => {
    const holding = Object.entries(ALL).filter(([, holds]) => {
      try {
        holds(answered(field));
        return true;
      } catch (error) {
        if (!(error instanceof AssertionError)) throw error;
        return false;
      }
    });
    expect(holding.map(([name]) => name)).toEqual(held);
  });

  it.each<[Name, string, ExpectedStatus, string]>([
    [
      'expectHit',
      'fwd=stale; stored',
      {},
      'expected a hit, but the handler ran: what was stored had been invalidated, or was too old. Cache-Status: viewcache; fwd=stale; stored',
    ],
    [
      'expectHit',
      'fwd=uri-miss; detail="input header cookie"',
      {},
      'expected a hit, but the handler ran: nothing was stored for this URI, of which host and port are a part (input header cookie). Cache-Status: viewcache; fwd=uri-miss; detail="input header cookie"',
    ],
    ['expectHit', 'hit; ttl=3', { ttl: 4 }, 'expected ttl to be 4, and it is 3. Cache-Status: viewcache; hit; ttl=3'],
    [
      'expectMiss',
      'fwd=miss',
      { fwd: 'stale', stored: false },
      'expected fwd to be stale, and it is miss. Cache-Status: viewcache; fwd=miss',
    ],
    [
      'expectStored',
      'fwd=uri-miss; detail=set-cookie',
      {},
      'expected an answer that is stored, and it is not (set-cookie). Cache-Status: viewcache; fwd=uri-miss; detail=set-cookie',
    ],
    [
      'expectNotStored',
      'hit; ttl=1',
      {},
      'expected an answer that is not stored, and it is. Cache-Status: viewcache; hit; ttl=1',
    ],
  ])('%s of %s with %j says what happened', (name, field, expected, message) => {
    expect(() => ALL[name](answered(field), expected)).toThrow(new Error(message));
  });

  it('hands back what it has read', () => {
    expect(expectHit(answered('hit; ttl=7'), { ttl: 7, stored: false }).ttl).toBe(7);
  });

  it('points at the test, with what was and what was to be, as runners show it', () => {
    let error: unknown;
    try {
      expectStored(answered('fwd=uri-miss'), { fwd: 'stale' });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ actual: { fwd: 'uri-miss' }, expected: { fwd: 'stale' } });
    expect(String((error as Error).stack).split('\n')[1]).toMatch(/expectations\.test\.[jt]s/);
  });
});
