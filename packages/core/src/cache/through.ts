import { checkNoMore } from '../config/check.js';
import { readThroughOptions, type ThroughSettings } from '../config/through-options.js';
import { type Key, readKey } from '../config/value-call-options.js';
import { keepProcessFor } from './keep-process.js';
import { type OpenPlace, openBehind } from './open-behind.js';
import { ReadStrategy } from './read-strategy.js';
import { StrategySpace } from './strategy-space.js';
import type { ReadThrough, WriteBehind, WriteThrough } from './through-strategies.js';
import { checkList, entriesOf } from './value-arguments.js';
import type { ValueCalls } from './value-calls.js';
import { WriteStrategy } from './write-strategy.js';

type Values = Iterable<readonly [Key, unknown]> | Readonly<Record<string, unknown>>;
type AnyThrough = ReadThrough<Key, unknown> | WriteThrough<Key, unknown> | WriteBehind<Key, unknown>;

/** What the three that write have in common. */
interface Writer {
  set(key: Key, value: unknown): Promise<void>;
  setMany(entries: readonly (readonly [Key, unknown])[]): Promise<void>;
  delete(key: Key): Promise<void>;
}

/**
 * A strategy over a cache and a database.
 *
 * @param where - the calls of the cache, whichever is the one when something is asked
 * @throws {@link ConfigError} for a wrong setting
 */
export function openThrough(where: () => ValueCalls, place: OpenPlace, options: object, ...more: never[]): AnyThrough {
  const settings = readThroughOptions(options);
  checkNoMore('through', more, 'options');
  const spaces = spacesOf(where, (calls) => new StrategySpace(calls.forStrategy(settings.name), settings));
  if (settings.behind === undefined) return openDirect(spaces, settings);
  return openLater(settings, spaces, openBehind(where, spaces, settings, settings.behind, place));
}

function openDirect(spaces: () => StrategySpace, settings: ThroughSettings): AnyThrough {
  const reading = readingOf(settings.name, new ReadStrategy(spaces, settings));
  if (settings.mode === 'read-through') return reading;
  return { ...reading, ...writingOf(new WriteStrategy(spaces, settings)) };
}

function openLater(
  settings: ThroughSettings,
  spaces: () => StrategySpace,
  opened: ReturnType<typeof openBehind>,
): WriteBehind<Key, unknown> {
  const reader = new ReadStrategy(spaces, settings, (key, load) => opened().strategy.find(key, load));
  const set = (key: Key, value: unknown): Promise<void> => opened().strategy.set(key, value);
  const writer: Writer = {
    set,
    setMany: async (entries) => {
      const ends = await Promise.allSettled(entries.map(([key, value]) => set(key, value)));
      const failed = ends.find((end) => end.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
    delete: (key) => opened().strategy.delete(key),
  };
  return {
    ...readingOf(settings.name, reader),
    ...writingOf(writer),
    flush: async () => await opened().strategy.queue.flush(),
    get pending() {
      return opened().strategy.queue.size;
    },
    close: async () => await opened().close(),
  };
}

/** One for each cache. */
function spacesOf(where: () => ValueCalls, make: (calls: ValueCalls) => StrategySpace): () => StrategySpace {
  const known = new WeakMap<ValueCalls, StrategySpace>();
  let last: { readonly calls: ValueCalls; readonly space: StrategySpace } | undefined;
  return () => {
    const calls = where();
    if (calls === last?.calls) return last.space;
    const space = known.get(calls) ?? make(calls);
    known.set(calls, space);
    last = { calls, space };
    return space;
  };
}

function readingOf(name: string, reader: ReadStrategy): ReadThrough<Key, unknown> {
  return {
    name,
    // A hit is not to pay for promises of promises.
    get: (key, ...more: never[]) => {
      try {
        if (more.length > 0) checkNoMore('get', more, 'a key');
        readKey('get', key);
        return reader.get(key);
      } catch (error) {
        return Promise.reject(error);
      }
    },
    getMany: async (keys, ...more: never[]) => {
      checkNoMore('getMany', more, 'keys');
      checkKeys('getMany', checkList('getMany', keys));
      return await reader.getMany(keys);
    },
  };
}

function writingOf(writer: Writer): Omit<WriteThrough<Key, unknown>, keyof ReadThrough<Key, unknown>> {
  return {
    set: async (key, value, ...more: never[]) => {
      checkNoMore('set', more, 'a key and a value');
      checkKeys('set', [key]);
      await keepProcessFor(writer.set(key, value));
    },
    setMany: async (values: Values, ...more: never[]) => {
      checkNoMore('setMany', more, 'values');
      const entries = entriesOf('setMany', values);
      checkKeys(
        'setMany',
        entries.map(([key]) => key),
      );
      await keepProcessFor(writer.setMany(entries));
    },
    delete: async (key, ...more: never[]) => {
      checkNoMore('delete', more, 'a key');
      checkKeys('delete', [key]);
      await keepProcessFor(writer.delete(key));
    },
  };
}

/** Before a database is asked for anything, or anything is written to it, under what could be no key. */
function checkKeys(what: string, keys: readonly Key[]): void {
  for (const key of keys) readKey(what, key);
}
