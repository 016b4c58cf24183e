import { describe, expect, it, jest } from '@jest/globals';
import { view } from './running-view.js';
import { runInView, ViewContext } from './view-context.js';

const inside = (work: () => void): ViewContext => {
  const context = new ViewContext();
  runInView(context, work);
  return context;
};

describe('view()', () => {
  it('collects what the code of a view says', () => {
    const context = inside(() => {
      view().dependsOn('a', 'b').dependsOn('b', 'c').ttl('5m').varyOn('Accept-Language').varyOn('DNT', 'dnt');
    });
    expect([...context.tags]).toEqual(['a', 'b', 'c']);
    expect(context.lifetimeMs).toBe(300_000);
    expect([...context.varyNames]).toEqual(['accept-language', 'dnt']);
    expect(context.refusal).toBeUndefined();
  });

  it('does nothing outside a view, whatever it is told', () => {
    expect(view().dependsOn('a').ttl('nonsense').doNotStore().varyOn('not a name')).toBe(view());
  });

  it('follows the view through whatever it awaits', async () => {
    const context = new ViewContext();
    await new Promise<void>((resolve) => {
      runInView(context, () => {
        void (async () => {
          await null;
          await new Promise((next) => setImmediate(next));
          view().dependsOn('late');
          resolve();
        })();
      });
    });
    expect([...context.tags]).toEqual(['late']);
    expect(view()).not.toBe(context);
  });

  it('keeps views that run at once apart', async () => {
    const contexts = Array.from({ length: 50 }, () => new ViewContext());
    await Promise.all(
      contexts.map(
        (context, i) =>
          new Promise<void>((resolve) => {
            runInView(context, () => {
              setImmediate(() => {
                view().dependsOn(`tag-${i}`);
                queueMicrotask(resolve);
              });
            });
          }),
      ),
    );
    expect(contexts.map((context) => [...context.tags])).toEqual(contexts.map((_, i) => [`tag-${i}`]));
  });

  it('is the inner one inside a view inside a view', () => {
    const inner = new ViewContext();
    const outer = inside(() => {
      runInView(inner, () => void view().dependsOn('inner'));
      view().dependsOn('outer');
    });
    expect([[...outer.tags], [...inner.tags]]).toEqual([['outer'], ['inner']]);
  });
});

describe('what keeps a view from being stored', () => {
  it('is the view’s own word', () => {
    expect(inside(() => void view().doNotStore()).refusal).toBe('view');
  });

  it.each([
    ['empty', ''],
    ['too long', 'x'.repeat(257)],
    ['with a control character', 'a\nb'],
    ['none at all', undefined as unknown as string],
    ['a list', ['a'] as unknown as string],
  ])('is a tag that is %s: its visitor is answered, nothing is stored', (_what, tag) => {
    const context = inside(() => void view().dependsOn('good', tag));
    expect(context.refusal).toBe('tag');
    expect([...context.tags]).toEqual(['good']);
  });

  it.each(['*', '', 'not a name', 'a\nb', 'é', undefined as unknown as string])(
    'is varyOn(%j): it selects by who knows what',
    (name) => {
      const context = inside(() => void view().varyOn('accept', name));
      expect(context.refusal).toBe('vary-star');
      expect([...context.varyNames]).toEqual(['accept']);
    },
  );

  it('is what was said first', () => {
    expect(inside(() => void view().dependsOn('').doNotStore()).refusal).toBe('tag');
  });

  it('warns of a lifetime that is none, naming it, and lets the handler go on', () => {
    const context = new ViewContext();
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    runInView(context, () => void view().ttl(-1).dependsOn('a'));
    expect(warn.mock.calls[0]?.[0]).toMatch(/^view\(\)\.ttl: -1 /);
    warn.mockRestore();
    expect([context.refusal, [...context.tags]]).toEqual(['ttl', ['a']]);
  });
});

describe('what is read of a request', () => {
  const producerIn = (outer?: ViewContext) => Object.assign(new ViewContext(), { isProducer: true, outer });

  it('goes into the value that is made, and into those that it is made for, but into no view', () => {
    const page = new ViewContext();
    const value = producerIn(page);
    const part = producerIn(value);
    part.read('req.user', false);
    part.read('header dnt', true);
    for (const run of [part, value])
      expect([run.inputs, run.selectedBy]).toEqual([['req.user', 'header dnt'], 'header dnt']);
    expect([page.inputs, page.selectedBy]).toEqual([undefined, undefined]);
  });

  it('is told to the view that uses what was made of it, with the key of that', () => {
    const heard: unknown[] = [];
    const noteUsed = (...what: unknown[]): unknown => heard.push(what);
    const page = Object.assign(new ViewContext(), { hearer: { noteUsed, noteStore: () => {} } });
    const value = producerIn(page);
    value.readBy(['req.user'], '= profile');
    expect([value.inputs, heard]).toEqual([['req.user'], [[['req.user'], '= profile']]]);
    producerIn().readBy(['req.user'], '= behind an answer');
    expect(heard).toHaveLength(1);
  });

  it('is taken over from whoever has done the work', () => {
    const [whole, one] = [producerIn(), producerIn()];
    whole.read('header dnt', true);
    one.takeOver(whole);
    expect([one.inputs, one.selectedBy]).toEqual([['header dnt'], 'header dnt']);
  });
});
