import { checkNoMore } from '../config/check.js';
import { readThroughOptions } from '../config/through-options.js';
import { type Key, readKey } from '../config/value-call-options.js';
import { keepProcessFor } from './keep-process.js';
import { ReadStrategy } from './read-strategy.js';
import { StrategySpace } from './strategy-space.js';
import type { ReadThrough, WriteThrough } from './through-strategies.js';
import { checkList, entriesOf } from './value-arguments.js';
import type { ValueCalls } from './value-calls.js';
import { WriteStrategy } from './write-strategy.js';

type Values = Iterable<readonly [Key, unknown]> | Readonly<Record<string, unknown>>;

/**
 * A strategy over a cache and a database.
 *
 * @param where - the calls of the cache, whichever is the one when something is asked
 * @throws {@link ConfigError} for a wrong setting
 */
export function openThrough(
  where: () => ValueCalls,
  options: object,
  ...more: never[]
): ReadThrough<Key, unknown> | WriteThrough<Key, unknown> {
  checkNoMore('through', more, 'options');
  const settings = readThroughOptions(options);
  const spaces = spacesOf(where, (calls) => new StrategySpace(calls.namespace(settings.name), settings));
  const reading = readingOf(settings.name, new ReadStrategy(spaces, settings));
  if (settings.mode === 'read-through') return reading;
  return { ...reading, ...writingOf(new WriteStrategy(spaces, settings)) };
}

/** One for each cache. */
function spacesOf(where: () => ValueCalls, make: (calls: ValueCalls) => StrategySpace): () => StrategySpace {
  const known = new WeakMap<ValueCalls, StrategySpace>();
  return () => {
    const calls = where();
    const space = known.get(calls) ?? make(calls);
    known.set(calls, space);
    return space;
  };
}

function readingOf(name: string, reader: ReadStrategy): ReadThrough<Key, unknown> {
  return {
    name,
    get: async (key, ...more: never[]) => {
      checkNoMore(`${name}.get`, more, 'a key');
      return await reader.get(key);
    },
    getMany: async (keys, ...more: never[]) => {
      checkNoMore(`${name}.getMany`, more, 'keys');
      return await reader.getMany(checkList(`${name}.getMany`, keys));
    },
  };
}

function writingOf(writer: WriteStrategy): Omit<WriteThrough<Key, unknown>, keyof ReadThrough<Key, unknown>> {
  return {
    set: async (key, value) => {
      checkKeys('set', [key]);
      await keepProcessFor(writer.set(key, value));
    },
    setMany: async (values: Values) => {
      const entries = entriesOf('setMany', values);
      checkKeys(
        'setMany',
        entries.map(([key]) => key),
      );
      await keepProcessFor(writer.setMany(entries));
    },
    delete: async (key) => {
      checkKeys('delete', [key]);
      await keepProcessFor(writer.delete(key));
    },
  };
}

/** Before anything is written to a database under what could be no key. */
function checkKeys(what: string, keys: readonly Key[]): void {
  for (const key of keys) readKey(what, key);
}
