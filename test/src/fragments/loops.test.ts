import { afterEach, describe, expect, it } from '@jest/globals';
import { closeAfterEach } from '../support/site.js';
import { kitchens } from './kitchens.js';
import { lay } from './table.js';

closeAfterEach();

const { NODE_ENV } = process.env;
afterEach(() => {
  process.env['NODE_ENV'] = NODE_ENV;
});

const named = (...names: readonly string[]) => names.map((name, id) => ({ id, name }));

const broken = {
  get name(): string {
    throw new Error('not to be rendered');
  },
};

describe.each(kitchens)('a loop in %s that does not tell its fragments apart', (_name, kitchen) => {
  it('shows the first for all of them, which a warning says once, in words of the engine', async () => {
    const { get, locals, warnings, clock } = await lay(kitchen);
    locals['items'] = named('a', 'b', 'c');
    expect(await get('/loop')).toBe('<b>a</b><b>a</b><b>a</b>');
    expect(warnings()).toEqual([
      expect.stringMatching(/^fragment row: one page asks for it more than once, and would render something else/),
    ]);
    expect(warnings().join()).toContain(`say what tells them apart, as in ${kitchen.words.apart}`);
    await clock.advance('2m');
    await get('/loop');
    expect(warnings()).toHaveLength(1);
  });

  it('may well mean the same each time', async () => {
    const { get, locals, warnings } = await lay(kitchen);
    locals['items'] = named('a', 'a', 'a');
    expect(await get('/loop')).toBe('<b>a</b><b>a</b><b>a</b>');
    expect(warnings()).toEqual([]);
  });

  it('is not compared with what another page has rendered, which may be older', async () => {
    const { get, locals, warnings } = await lay(kitchen);
    locals['items'] = named('old');
    await get('/loop');
    locals['items'] = named('new', 'new');
    expect(await get('/loop')).toBe('<b>old</b><b>old</b>');
    expect(warnings()).toEqual([]);
  });

  it('answers with the error where one of them cannot be rendered', async () => {
    const { get, locals } = await lay(kitchen);
    locals['items'] = [{ name: 'a' }, broken];
    expect(await get('/loop')).toContain('not to be rendered');
  });

  it('renders no more than once, and says nothing, in production', async () => {
    process.env['NODE_ENV'] = 'production';
    const { get, locals, warnings } = await lay(kitchen);
    locals['items'] = [{ name: 'a' }, broken];
    expect(await get('/loop')).toBe('<b>a</b><b>a</b>');
    expect(warnings()).toEqual([]);
  });
});

describe.each(kitchens.filter(([, { pages }]) => 'list' in pages))('a list in %s', (_name, kitchen) => {
  it('warns once of a key that items have which are not the same, and shows the first of them', async () => {
    const { get, locals, warnings } = await lay(kitchen);
    locals['items'] = [
      { id: 7, name: 'a' },
      { id: 8, name: 'c' },
      { id: 7, name: 'b' },
    ];
    const said = [
      expect.stringMatching(
        /^fragment item: one list asks for it more than once with the key 7, for items that are not the same, .* as in key[:=] ?item\.id$/,
      ),
    ];
    expect((await get('/list')).match(/[abc](?=<)/g)).toEqual(['a', 'c', 'a']);
    expect(warnings()).toEqual(said);
    await get('/list');
    expect(warnings()).toEqual(said);
  });

  it('warns of none where one has come twice, itself or as it was read again', async () => {
    const { get, locals, warnings } = await lay(kitchen);
    const item = { id: 7, name: 'a' };
    locals['items'] = [item, { id: 8, name: 'c' }, item, { ...item }];
    expect((await get('/list')).match(/[abc](?=<)/g)).toEqual(['a', 'c', 'a', 'a']);
    expect(warnings()).toEqual([]);
  });

  it('says nothing in production', async () => {
    process.env['NODE_ENV'] = 'production';
    const { get, locals, warnings } = await lay(kitchen);
    locals['items'] = [
      { id: 7, name: 'a' },
      { id: 7, name: 'b' },
    ];
    await get('/list');
    expect(warnings()).toEqual([]);
  });
});
