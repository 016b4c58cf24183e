import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import { cachePage } from '@viewcache/express';
import express from 'express';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

describe('durations, of which apicache takes "5 min" for zero and "5m" for five milliseconds', () => {
  it.each(['5 min', '10 sec', '5 minutes', '5min', '1 day', 'five', '5x', '', ' ', '1e3', '-5m'])(
    'refuses %j when the app starts, naming the setting, the value and what is allowed',
    (ttl) => {
      const start = () => cachePage(ttl);

      expect(start).toThrow(ConfigError);
      expect(start).toThrow(/ttl/);
      expect(start).toThrow(/'5m'/);
      if (ttl.trim() !== '') expect(start).toThrow(ttl);
    },
  );

  it.each([
    [5, 5_000],
    ['5s', 5_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['250ms', 250],
    ['1d', 86_400_000],
    ['0.5s', 500],
  ])('takes %j for what it says', async (ttl, ms) => {
    const clock = new FakeClock();
    let calls = 0;
    const app = express();
    app.get('/', cachePage({ ttl, cache: makeCache({ clock }) }), (_req, res) => void res.send(`${++calls}`));
    const site = await serve(app);

    await site.get('/');
    clock.advance(ms - 1);
    const last = await site.get('/');
    clock.advance(1);
    const next = await site.get('/');

    expect([last.text, next.text]).toEqual(['1', '2']);
  });
});
