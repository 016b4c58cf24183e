import { describe, expect, it } from '@jest/globals';
import { closeAfterEach } from '../support/site.js';
import { standardSite } from './site.js';
import { versioned } from './versioned.js';

closeAfterEach();

describe('no-cache with a validator (RFC 9111 §5.2.2.4)', () => {
  it('is stored, and validated at each use', async () => {
    const { state, handler } = versioned({ 'Cache-Control': 'no-cache' });
    const { site } = await standardSite(handler);

    const replies = [await site.get('/'), await site.get('/'), await site.get('/')];

    expect(replies.map(({ text, isHit }) => [text, isHit])).toEqual(Array(3).fill(['page 1', false]));
    expect(state.asked).toEqual([undefined, '"v1"', '"v1"']);
  });

  it.each(['no-cache, max-age=60', 'max-age=0', 'max-age=0, must-revalidate'])('%s likewise', async (field) => {
    const { state, handler } = versioned({ 'Cache-Control': field });
    const { site } = await standardSite(handler);

    await site.get('/');
    const second = await site.get('/');

    expect([second.text, second.isHit, state.pages]).toEqual(['page 1', false, 1]);
  });

  it.each([
    ['a response that states nothing', {}],
    ['no-store', { 'Cache-Control': 'no-cache, no-store' }],
    ['private', { 'Cache-Control': 'private, no-cache' }],
  ])('but not %s', async (_what, fields) => {
    const { state, handler } = versioned(fields as Record<string, string>);
    const { site } = await standardSite(handler);

    await site.get('/');
    await site.get('/');

    expect(state.asked).toEqual([undefined, undefined]);
  });

  it('answers nobody who waits: each is validated for himself', async () => {
    const { state, handler } = versioned({ 'Cache-Control': 'no-cache' });
    const { site } = await standardSite(async (req, res, next) => {
      await new Promise((resolve) => setImmediate(resolve));
      handler(req, res, next);
    });

    await site.get('/');
    await Promise.all(Array.from({ length: 4 }, () => site.get('/')));

    expect(state.asked).toHaveLength(5);
  });

  it('in the view profile is not stored, as ever', async () => {
    const { state, handler } = versioned({ 'Cache-Control': 'no-cache' });
    const { site } = await standardSite(handler, { ttl: 60, revalidateFor: '1h' });

    await site.get('/');
    await site.get('/');

    expect(state.asked).toEqual([undefined, undefined]);
  });
});
