import { AsyncLocalStorage } from 'node:async_hooks';
import { isThenable } from '@viewcache/core/node';
import { Replaced } from '../source/replaced.js';
import type { Told } from '../source/told.js';
import type { DbLike, MongoClientLike } from './mongodb-types.js';

/**
 * What is to be waited for before the call of the driver that is under way goes on. The events of its commands are told
 * within it, in the same asynchronous context, and nobody waits for those who listen to them.
 */
const calls = new AsyncLocalStorage<Promise<void>[]>();

/** Has the call that is under way wait. */
export function holdCall(told: Told): void {
  if (told !== undefined) calls.getStore()?.push(told);
}

const CLIENT = ['bulkWrite'];
const DB = ['command', 'createCollection', 'renameCollection', 'dropCollection', 'dropDatabase'];
const COLLECTION = `insertOne insertMany bulkWrite updateOne replaceOne updateMany deleteOne deleteMany rename drop
  findOneAndDelete findOneAndReplace findOneAndUpdate`.split(/\s+/);
/** Of cursors that may write: what they stand for is carried out when the first document is asked for. */
const CURSOR = ['next', 'tryNext', 'hasNext', 'toArray', 'forEach'];

const awaited = new Map<string, Replaced<object>>();

function awaitedMethod(name: string): Replaced<object> {
  const known = awaited.get(name);
  if (known !== undefined) return known;
  const made: Replaced<object> = new Replaced(name, (original, parties) => {
    return function call(...given) {
      return parties.size === 0 ? original.apply(this, given) : awaitTold(() => original.apply(this, given));
    };
  });
  awaited.set(name, made);
  return made;
}

/** Carries out a call, and lets its promise settle when the cache has answered to what was written by it. */
export function awaitTold(work: () => unknown): unknown {
  const told: Promise<void>[] = [];
  const result = calls.run(told, work);
  if (!isThenable(result)) return result;
  // What is told never rejects.
  const rest = (): Promise<unknown> | undefined => (told.length === 0 ? undefined : Promise.all(told));
  return result.then(
    async (value) => {
      await rest();
      return value;
    },
    async (error) => {
      await rest();
      throw error;
    },
  );
}

/**
 * Has the calls of a driver wait that may write: the methods of its classes, which all clients of the same copy of it share,
 * for as long as one of them is watched.
 *
 * @returns ends it
 */
export function awaitCalls(client: MongoClientLike, party: object): () => void {
  const stops: (() => void)[] = [];
  const seen = new Set<object>();
  const adopt = (object: object, names: readonly string[]): void => {
    const prototype = Object.getPrototypeOf(object) as object;
    if (seen.has(prototype)) return;
    seen.add(prototype);
    for (const name of names)
      if (typeof (prototype as Record<string, unknown>)[name] === 'function')
        stops.push(awaitedMethod(name).on(prototype, party));
  };
  const made = (name: string, owner: object, names: readonly string[]): void => {
    stops.push(makers(name).on(Object.getPrototypeOf(owner), { party, adopt: (it) => adopt(it, names) }));
  };
  const db = client.db() as DbLike;
  const collection = db.collection('viewcache');
  adopt(client, CLIENT);
  adopt(db, DB);
  adopt(db.admin(), ['command']);
  adopt(collection, COLLECTION);
  for (const owner of [db, collection]) made('aggregate', owner, CURSOR);
  made('runCursorCommand', db, CURSOR);
  for (const name of ['initializeOrderedBulkOp', 'initializeUnorderedBulkOp']) made(name, collection, ['execute']);
  return () => {
    for (const stop of stops) stop();
  };
}

/** Who wants to know what a method makes, so as to have the methods of that wait, too. */
interface Maker {
  readonly party: object;
  adopt(made: object): void;
}

const known = new Map<string, Replaced<Maker>>();

function makers(name: string): Replaced<Maker> {
  const before = known.get(name);
  if (before !== undefined) return before;
  const replaced: Replaced<Maker> = new Replaced(name, (original, parties) => {
    return function make(...given) {
      const result = original.apply(this, given);
      if (typeof result === 'object' && result !== null) for (const { adopt } of parties) adopt(result);
      return result;
    };
  });
  known.set(name, replaced);
  return replaced;
}
