import { describe, expect, it } from '@jest/globals';
import { createCache } from './create-cache.js';

describe('cache.on', () => {
  it('says how it is used where an event is named first, as of other emitters', () => {
    const on = createCache().on as (...given: unknown[]) => void;
    expect(() => on('store-error', () => {})).toThrow(
      "cache.on: 'store-error' is not allowed; use one function, which is told of every event; did you mean cache.on((event) => { if (event.type === 'store-error') … })?",
    );
    expect(() => on(undefined)).toThrow('cache.on: undefined is not allowed; use one function');
  });
});
