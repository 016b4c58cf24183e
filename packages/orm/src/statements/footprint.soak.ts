import { describe, expect, it } from '@jest/globals';
import { endsIn, HUGE } from './huge-texts.test.support.js';
import { checkRandomTexts } from './random-texts.test.support.js';

describe('footprints of huge texts, at length', () => {
  it.each(HUGE)(
    'get to the end of 10 MB of %s',
    (_name, part) => {
      for (const dialect of ['postgres', 'mysql', 'sqlite'] as const)
        expect(endsIn(part, 10_000_000, dialect)).toBe(true);
    },
    600_000,
  );

  it('never throw, whatever the text', () => {
    checkRandomTexts(100_000);
  }, 600_000);
});
