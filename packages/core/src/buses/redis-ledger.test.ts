import { describe, expect, it } from '@jest/globals';
import { RedisLedger } from './redis-ledger.js';

const at = (n: number, epoch = 'e') => ({ epoch, n });

describe('RedisLedger (PROTOCOL 4.5, MESSAGE and PROBE)', () => {
  it('knows nothing at first, so that the first probe says that something may have been missed', () => {
    const ledger = new RedisLedger();
    expect(ledger.probe(at(3), ledger.seen)).toBe(true);
    expect(ledger.probe(at(3), ledger.seen)).toBe(false);
  });

  it('follows messages without a gap', () => {
    const ledger = new RedisLedger();
    ledger.probe(at(3), 0);
    expect([ledger.message(at(4), 3), ledger.message(at(5), 4)]).toEqual([false, false]);
    expect(ledger.probe(at(5), ledger.seen)).toBe(false);
  });

  it('finds a gap by the next message, or by the next probe', () => {
    const ledger = new RedisLedger();
    ledger.probe(at(3), 0);
    expect(ledger.message(at(6), 5)).toBe(true);
    expect(ledger.message(at(7), 6)).toBe(false);
    expect(ledger.probe(at(8), ledger.seen)).toBe(true);
    expect(ledger.probe(at(8), ledger.seen)).toBe(false);
  });

  it('takes a message twice for nothing new', () => {
    const ledger = new RedisLedger();
    ledger.probe(at(3), 0);
    ledger.message(at(4), 3);
    expect(ledger.message(at(4), 3)).toBe(false);
    expect(ledger.seen).toBe(4);
  });

  it('is not misled by messages that are heard before the answer to an earlier probe', () => {
    const ledger = new RedisLedger();
    ledger.probe(at(3), 0);
    const seenBefore = ledger.seen;
    ledger.message(at(4), 3);
    expect(ledger.probe(at(3), seenBefore)).toBe(false);
    expect(ledger.seen).toBe(4);
  });

  it('finds a sequence that went back', () => {
    const ledger = new RedisLedger();
    ledger.probe(at(3), 0);
    expect(ledger.probe(at(2), ledger.seen)).toBe(true);
    expect(ledger.seen).toBe(2);
  });

  it('starts anew in another era, and when the sequence is missing', () => {
    const ledger = new RedisLedger();
    ledger.probe(at(3), 0);
    expect(ledger.message(at(1, 'f'), 0)).toBe(true);
    expect(ledger.probe(at(1, 'f'), 1)).toBe(false);
    expect(ledger.probe(at(1, 'g'), 1)).toBe(true);
    expect(ledger.probe(undefined, 1)).toBe(true);
    expect(ledger.probe(undefined, 1)).toBe(true);
    expect(ledger.probe(at(1, 'g'), 1)).toBe(true);
  });
});
