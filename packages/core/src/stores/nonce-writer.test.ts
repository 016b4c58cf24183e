import { describe, expect, it } from '@jest/globals';
import type { Put } from '../ports/tagged-store.js';
import { NonceKeys, newNonce, nonceBytes } from './nonce.js';
import type { NonceLedger } from './nonce-ledger.js';
import { NonceWriter } from './nonce-writer.js';

describe('NonceWriter', () => {
  it('asks a store about no more at once than it can answer within a deadline', async () => {
    const sizes: number[] = [];
    const ledger: Partial<NonceLedger> = {
      keys: new NonceKeys('x'),
      outlive: () => {},
      read: async (keys) => {
        sizes.push(keys.length);
        return keys.map(() => nonceBytes(newNonce()));
      },
      put: async (placings) => {
        sizes.push(placings.length);
        return placings.map(() => ({ nonce: newNonce() }));
      },
    };
    const writer = new NonceWriter(ledger as NonceLedger, async () => true);
    const puts = Array.from(
      { length: 5_000 },
      (_, i): Put => ({
        key: `k${i}`,
        token: undefined,
        tags: [{ tag: `own ${i}`, stamp: '' }],
        ownTag: `own ${i}`,
        onlyIf: 'always',
        ttlMs: 1_000,
        encode: () => new Uint8Array(1),
      }),
    );
    const verdicts = await writer.putMany(puts);
    expect(verdicts.map(({ kind }) => kind)).toEqual(puts.map(() => 'stored'));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(500);
  });
});
