import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

describe('warnOnce', () => {
  let emitted: unknown[][];
  let warnOnce: (message: string) => void;

  beforeEach(async () => {
    emitted = [];
    jest.spyOn(process, 'emitWarning').mockImplementation((...args: unknown[]) => void emitted.push(args));
    jest.resetModules();
    ({ warnOnce } = await import('./process-warning.js'));
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('prints a message once, and another one too', () => {
    for (const message of ['a', 'a', 'b', 'a']) warnOnce(message);
    expect(emitted).toEqual([
      ['a', 'ViewcacheWarning'],
      ['b', 'ViewcacheWarning'],
    ]);
  });

  it('cuts what is long, and takes what begins alike for one', () => {
    warnOnce('x'.repeat(10_000));
    warnOnce(`${'x'.repeat(10_000)}y`);
    expect(emitted).toEqual([[`${'x'.repeat(500)}…`, 'ViewcacheWarning']]);
  });

  it('ends after 100 different messages, and says so', () => {
    for (let i = 0; i < 1_000; i++) warnOnce(`no tenant ${i}`);
    warnOnce('another');
    expect(emitted.length).toBe(101);
    expect(emitted[99]?.[0]).toBe('no tenant 99');
    expect(emitted[100]?.[0]).toMatch(/^100 different warnings were printed; further ones are events/);
  });
});
