import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type FragmentCache, fragmentsOf } from '@viewcache/express';
import { countdown, gate } from '../support/gate.js';
import { closeAfterEach } from '../support/site.js';
import { kitchens } from './kitchens.js';
import { lay, type Table } from './table.js';

closeAfterEach();

const { NODE_ENV } = process.env;
beforeEach(() => {
  // While somebody develops, what a page asks for again is rendered again.
  process.env['NODE_ENV'] = 'production';
});
afterEach(() => {
  process.env['NODE_ENV'] = NODE_ENV;
});

const [[, ejs]] = kitchens as [(typeof kitchens)[number]];

/** Products that each show those related to them; at `/list/1,2` those that are named there. */
async function layShop(
  related: Readonly<Record<number, readonly number[]>>,
  settings: object = { shared: true },
  begun: (id: number) => void | Promise<void> = () => {},
): Promise<Table & { readonly rendered: number[] }> {
  const rendered: number[] = [];
  const describeOne = (id: number) => ({ name: 'product', key: id, ttl: '1h', ...settings });
  const table = await lay(ejs, {
    routes(app) {
      app.get('/list/:ids', async (req, res) => {
        const cache: FragmentCache = fragmentsOf(res);
        const one = async (id: number): Promise<string> => {
          rendered.push(id);
          await begun(id);
          return `<${id}${await cache.each(related[id] ?? [], describeOne, one)}>`;
        };
        res.send(await cache.each(req.params.ids.split(',').map(Number), describeOne, one));
      });
    },
  });
  return { ...table, rendered };
}

// The clock stands still: whoever waits for himself would do so until the test is given up.
describe('items of a list that show one that stands further down in it', () => {
  it.each([
    ['for everybody', { shared: true }],
    ['for one visitor', { visitor: 7 }],
    ['for nobody', {}],
  ])('are rendered, each once: %s', async (_whom, settings) => {
    const { get, rendered } = await layShop({ 1: [2], 2: [3, 5], 3: [4] }, settings);
    expect(await get('/list/1,2,3,4,5')).toBe('<1<2<3<4>><5>>><2<3<4>><5>><3<4>><4><5>');
    expect(rendered).toEqual([1, 2, 3, 4, 5]);
  });

  it('are found the next time', async () => {
    const { get, rendered } = await layShop({ 1: [2] });
    expect(await get('/list/1,2')).toBe(await get('/list/1,2'));
    expect(rendered).toEqual([1, 2]);
  });

  it('are rendered where they do not say whom they are for, and somebody asks', async () => {
    const { site } = await layShop({ 1: [2], 2: [3] }, {});
    const { text } = await site.get('/list/1,2,3', { cookie: 'theme=dark' });
    expect(text).toBe('<1<2<3>>><2<3>><3>');
  });
});

describe('items of two lists that each show one further down in the other', () => {
  it('are rendered, though each of them waits for its turn', async () => {
    const both = countdown(2);
    const { get } = await layShop({ 1: [3], 4: [2] }, { shared: true }, async (id) => {
      if (id !== 1 && id !== 4) return;
      both.count();
      await both.passed;
    });
    expect(await Promise.all([get('/list/1,2'), get('/list/4,3')])).toEqual(['<1<3>><2>', '<4<2>><3>']);
  });
});

describe('an item that somebody else waits for', () => {
  it('waits for its turn all the same: what is rendered in between may write into the same text', async () => {
    const [first, other] = [gate(), gate()];
    const events: string[] = [];
    const { get } = await layShop({ 9: [2] }, { shared: true }, async (id) => {
      events.push(`begins ${id}`);
      if (id === 9) other.open();
      if (id !== 1) return;
      await other.passed;
      // By then the other list has asked.
      setImmediate(first.open);
      await first.passed;
      events.push('ends 1');
    });
    expect(await Promise.all([get('/list/1,2'), get('/list/9')])).toEqual(['<1><2>', '<9<2>>']);
    expect(events).toEqual(['begins 1', 'begins 9', 'ends 1', 'begins 2']);
  });
});
