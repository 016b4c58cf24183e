import { AsyncLocalStorage } from 'node:async_hooks';
import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { type CacheOptions, view } from '@viewcache/core';
import type { RequestHandler } from 'express';
import { gate } from '../support/gate.js';
import { closeAfterEach } from '../support/site.js';
import { guests, Party, type Run } from './party.js';

closeAfterEach();

/*
 * What becomes of those who wait when the one they wait for goes, stares, hangs or breaks, and whose context
 * their own handler runs in.
 */

const textsOf = async (served: readonly Promise<{ text: string }>[]) =>
  (await Promise.all(served)).map(({ text }) => text);

describe('a leader whose client goes', () => {
  it('leaves the lead to one of them at once: what its handler ends now may be cut short for that', async () => {
    const start = gate();
    const party = await Party.open({
      handler: async ({ guest, res }) => {
        await start.passed;
        res.send(res.destroyed ? '' : guest);
      },
    });
    const leader = party.send('leader');
    await party.arrived('leader');
    const others = await party.comeAll(guests(20));
    await party.leave('leader', leader);
    expect(party.runs).toEqual(['leader', 'guest-0']);
    start.open();
    expect(new Set(await textsOf(others))).toEqual(new Set(['guest-0']));
    const [next] = await party.come('next');
    expect((await next)?.text).toBe('guest-0');
  });

  it('leaves the lead to one of them when its handler gives up', async () => {
    const party = await Party.open({
      handler: ({ guest, number, res }) => {
        if (number > 1) res.send(guest);
      },
    });
    const leader = party.send('leader');
    await party.arrived('leader');
    const others = await party.comeAll(guests(20));
    await party.leave('leader', leader);
    expect(new Set(await textsOf(others))).toEqual(new Set(['guest-0']));
    expect(party.runs).toEqual(['leader', 'guest-0']);
  });

  it('leaves nothing behind when it had begun to answer', async () => {
    const half = gate();
    const party = await Party.open({
      handler: ({ guest, number, res }) => {
        res.set('Content-Type', 'text/plain');
        res.write(`begun by ${guest}`);
        half.open();
        if (number > 1) res.end(', and ended');
      },
    });
    const leader = party.send('leader');
    await party.arrived('leader');
    await half.passed;
    const others = await party.comeAll(guests(3));
    await party.leave('leader', leader);
    expect(new Set(await textsOf(others))).toEqual(new Set(['begun by guest-0, and ended']));
  });

  it('before anything was asked of the handler is as if it had never come', async () => {
    const door = gate();
    const party = await Party.open({
      front: [
        async (_req, _res, next) => {
          await door.passed;
          next();
        },
      ],
      handler: ({ guest, res }) => res.send(guest),
    });
    const gone = party.send('gone');
    await party.arrived('gone');
    await party.leave('gone', gone);
    const other = party.ask('other');
    await party.arrived('other');
    door.open();
    expect(['gone', 'other']).toContain((await other).text);
  });

  it('twice running lets the others run on their own rather than wait a third time', async () => {
    const party = await Party.open({
      handler: ({ guest, number, res }) => {
        if (number > 2) res.send(guest);
      },
    });
    const sent = guests(5).map((guest) => [guest, party.send(guest)] as const);
    for (const [guest] of sent) await party.arrived(guest);
    const first = party.runs[0] ?? '';
    await party.leave(first, new Map(sent).get(first) as never);
    const second = party.runs[1] ?? '';
    await party.leave(second, new Map(sent).get(second) as never);
    expect(party.runs).toHaveLength(5);
    expect(new Set(party.runs).size).toBe(5);
  });
});

describe('a leader that does not read', () => {
  const SIZE = 24 * 1024 * 1024;
  const chunk = Buffer.alloc(64 * 1024, 'x');

  /** Writes when it may, and waits for `drain` when it may not. */
  const pipe = ({ res }: Run) => {
    res.set('Content-Type', 'text/plain');
    Readable.from(
      (function* () {
        for (let sent = 0; sent < SIZE; sent += chunk.length) yield chunk;
      })(),
    ).pipe(res);
  };

  it('does not keep from an answer those who wait when it begins', async () => {
    const start = gate();
    const party = await Party.open({
      page: { maxBodyBytes: '32mb' },
      handler: async (run) => {
        await start.passed;
        pipe(run);
      },
    });
    const staring = await party.stare('staring');
    const others = await party.comeAll(guests(2));
    start.open();
    expect((await textsOf(others)).map((text) => text.length)).toEqual([SIZE, SIZE]);
    expect(party.runs).toEqual(['staring']);
    staring.destroy();
  });

  it('does not keep from an answer those who come when it is held up already', async () => {
    const heldUp = gate();
    const party = await Party.open({
      page: { maxBodyBytes: '32mb' },
      handler: (run) => {
        const { res } = run;
        const { write } = res;
        res.write = ((...args: Parameters<typeof write>) => {
          const mayGoOn = write.apply(res, args);
          if (!mayGoOn) heldUp.open();
          return mayGoOn;
        }) as typeof write;
        pipe(run);
      },
    });
    const staring = await party.stare('staring');
    await heldUp.passed;
    const others = await party.comeAll(guests(2));
    expect((await textsOf(others)).map((text) => text.length)).toEqual([SIZE, SIZE]);
    expect(party.runs).toEqual(['staring']);
    staring.destroy();
  });

  it('whose body is too large to be recorded leaves the others to their own handlers', async () => {
    const party = await Party.open({
      page: { maxBodyBytes: '1mb' },
      handler: (run) => (run.number === 1 ? pipe(run) : run.res.send('short')),
    });
    const staring = await party.stare('staring');
    const others = await party.comeAll(guests(2));
    expect(await textsOf(others)).toEqual(['short', 'short']);
    staring.destroy();
  });
});

describe('a handler that never ends', () => {
  it('keeps those who wait for collapseTimeout, and those who come later begin anew', async () => {
    const party = await Party.open({
      cache: { collapseTimeout: '5s' },
      handler: ({ guest, number, res }) => {
        if (number > 1) res.send(guest);
      },
    });
    const hung = party.send('hung');
    hung.on('error', () => {});
    await party.arrived('hung');
    const early = await party.comeAll(['early']);
    party.clock.advance(3_000);
    const late = await party.comeAll(['late']);
    party.clock.advance(1_999);
    expect(party.runs).toEqual(['hung']);
    party.clock.advance(1);
    expect(await textsOf(early)).toEqual(['early']);
    // What `early` made is stored: whoever comes now need not even ask the handler.
    const [next] = await party.come('next');
    expect((await next)?.text).toBe('early');
    party.clock.advance(3_000);
    expect(await textsOf(late)).toEqual(['late']);
    expect(party.runs).toEqual(['hung', 'early', 'late']);
    hung.destroy();
  });

  it('lets a new flight begin even if nothing was stored meanwhile', async () => {
    const start = gate();
    const party = await Party.open({
      handler: async ({ guest, number, res }) => {
        if (number === 1) return;
        await start.passed;
        res.send(guest);
      },
    });
    const hung = party.send('hung');
    hung.on('error', () => {});
    await party.arrived('hung');
    const waiting = await party.comeAll(['waiting']);
    party.clock.advance(10_000);
    const anew = await party.comeAll(['new leader', 'new waiter']);
    expect(party.runs).toEqual(['hung', 'waiting', 'new leader']);
    start.open();
    expect(await textsOf([...waiting, ...anew])).toEqual(['waiting', 'new leader', 'new leader']);
    hung.destroy();
  });
});

describe('those who wait', () => {
  it('and go away are neither answered nor made to lead', async () => {
    const start = gate();
    const party = await Party.open({
      handler: async ({ guest, res }) => {
        await start.passed;
        res.set('Cache-Control', 'no-store').send(guest);
      },
    });
    const [leader] = await party.come('leader');
    const impatient = guests(10).map((guest) => [guest, party.send(guest)] as const);
    for (const [guest] of impatient) await party.arrived(guest);
    const [patient] = await party.come('patient');
    for (const [guest, sent] of impatient) await party.leave(guest, sent);
    start.open();
    expect([(await leader)?.text, (await patient)?.text]).toEqual(['leader', 'patient']);
    expect(party.runs).toEqual(['leader', 'patient']);
  });

  it('and were answered by somebody else meanwhile, such as a timeout, disturb nobody', async () => {
    const start = gate();
    const timeouts: (() => void)[] = [];
    const party = await Party.open({
      front: [
        (req, res, next) => {
          if (req.headers['x-guest'] === 'hasty') timeouts.push(() => res.status(503).send('too slow'));
          next();
        },
      ],
      handler: async ({ guest, res }) => {
        await start.passed;
        res.send(guest);
      },
    });
    const served = await party.comeAll(['leader', 'hasty', 'other']);
    for (const timeout of timeouts) timeout();
    start.open();
    expect(await textsOf(served)).toEqual(['leader', 'too slow', 'leader']);
    expect(party.cache.stats()).toMatchObject({ collapsed: 1, entries: 1 });
  });

  it('are answered when the handler throws, each by an error of its own', async () => {
    const start = gate();
    const party = await Party.open({
      front: [],
      handler: async ({ guest, res, next }) => {
        await start.passed;
        res.status(500);
        next(new Error(`broken for ${guest}`));
      },
    });
    const served = await party.comeAll(['leader', 'a', 'b']);
    start.open();
    const texts = await textsOf(served);
    expect(texts.map((text) => /broken for ([\w-]+)/.exec(text)?.[1])).toEqual(['leader', 'a', 'b']);
  });
});

describe.each<[string, () => CacheOptions]>([
  ['memory', () => ({})],
  ['a Keyv behind it', () => ({ store: new Map<string, unknown>() })],
])('the asynchronous context of a request, with %s', (_store, cache) => {
  const users = new AsyncLocalStorage<string>();
  const asUser: RequestHandler = (req, _res, next) => users.run(String(req.headers['x-guest']), next);

  it.each<[string, (run: Run) => void]>([
    ['cannot be stored', ({ res }) => res.set('Cache-Control', 'no-store')],
    ['fails', ({ res }) => res.status(503)],
    ['is cut off', ({ res, number }) => number === 1 && res.destroy()],
  ])('is its own in its handler, when it runs since the response of another %s', async (_what, end) => {
    const start = gate();
    const seen: Record<string, (string | undefined)[]> = {};
    const party = await Party.open({
      cache: cache(),
      front: [asUser],
      handler: async (run) => {
        const { guest, res } = run;
        seen[guest] = [users.getStore()];
        if (run.number === 1) await start.passed;
        await new Promise((resolve) => setImmediate(resolve));
        seen[guest].push(users.getStore());
        view().dependsOn(`user-${guest}`);
        end(run);
        if (!res.destroyed) res.send(users.getStore());
      },
    });
    const crowd = ['leader', ...guests(5)];
    const served = await party.comeAll(crowd);
    start.open();
    await Promise.race([party.left('leader'), served[0]]);
    const answered = (await Promise.allSettled(served)).map((it) => (it.status === 'fulfilled' ? it.value.text : ''));
    for (const guest of party.runs) expect([guest, seen[guest]]).toEqual([guest, [guest, guest]]);
    // Whoever ran its own handler got what that made for it.
    for (const [i, guest] of crowd.entries())
      if (answered[i] !== '' && party.runs.includes(guest)) expect(answered[i]).toBe(guest);
    expect(party.runs.length).toBeGreaterThan(1);
  });

  it('is its own in what it set up in front, when it is answered by the response of another', async () => {
    const start = gate();
    const finished: Record<string, string | undefined> = {};
    const party = await Party.open({
      cache: cache(),
      front: [
        asUser,
        (_req, res, next) => {
          const guest = users.getStore() ?? '';
          const { writeHead } = res;
          res.writeHead = ((...args: Parameters<typeof writeHead>) => {
            finished[`${guest} head`] = users.getStore();
            return writeHead.apply(res, args);
          }) as typeof writeHead;
          res.once('finish', () => {
            finished[`${guest} finish`] = users.getStore();
          });
          next();
        },
      ],
      handler: async ({ res }) => {
        await start.passed;
        res.send('public');
      },
    });
    const served = await party.comeAll(['leader', 'a', 'b']);
    start.open();
    await Promise.all(served);
    for (const guest of ['leader', 'a', 'b']) {
      expect([finished[`${guest} head`], finished[`${guest} finish`]]).toEqual([guest, guest]);
    }
  });

  it('is the leader’s in a leader that goes on because somebody waits', async () => {
    const heldUp = gate();
    const seen: (string | undefined)[] = [];
    const chunk = Buffer.alloc(256 * 1024, 'x');
    const party = await Party.open({
      cache: cache(),
      page: { maxBodyBytes: '64mb' },
      front: [asUser],
      handler: ({ res }) => {
        let left = 160;
        const go = () => {
          seen.push(users.getStore());
          while (left-- > 0) {
            if (res.write(chunk)) continue;
            res.once('drain', go);
            heldUp.open();
            return;
          }
          res.end();
        };
        go();
      },
    });
    const staring = await party.stare('staring');
    await heldUp.passed;
    const others = await party.comeAll(guests(2));
    await Promise.all(others);
    expect(party.runs).toEqual(['staring']);
    expect(new Set(seen)).toEqual(new Set(['staring']));
    staring.destroy();
  });

  it('is its own after collapseTimeout', async () => {
    const seen: (string | undefined)[] = [];
    const party = await Party.open({
      cache: cache(),
      front: [asUser],
      handler: ({ number, res }) => {
        seen.push(users.getStore());
        if (number > 1) res.send(users.getStore());
      },
    });
    const hung = party.send('hung');
    hung.on('error', () => {});
    await party.arrived('hung');
    const served = await party.comeAll(['a', 'b']);
    users.run('whoever moves the clock', () => party.clock.advance(10_000));
    expect(await textsOf(served)).toEqual(['a', 'b']);
    expect(seen).toEqual(['hung', 'a', 'b']);
    hung.destroy();
  });
});
