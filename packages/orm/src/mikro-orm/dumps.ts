import { readFile } from 'node:fs/promises';
import type { Outcome } from '../source/outcome.js';
import { Replaced } from '../source/replaced.js';
import type { MikroParty } from './statement.js';

/** What a connection is handed many statements by, and how the text of these is had. */
const TEXTS: Readonly<Record<string, (given: unknown) => Promise<string>>> = {
  executeDump: async (dump) => String(dump),
  loadFile: async (path) => await readFile(String(path), 'utf8'),
};

/** SQLite is handed them past the client that all other statements are sent by. */
const dumps = Object.entries(TEXTS).map(([name, textOf]) => {
  const replaced: Replaced<MikroParty> = new Replaced(name, (original, parties) => {
    return async function dump(given, ...more) {
      // Where there is none, MikroORM says so.
      const text = await textOf(given).catch(() => '');
      const tell = async (outcome: Outcome): Promise<void> => {
        await Promise.all([...parties].map(({ source }) => source.ran({}, text, [], outcome)));
      };
      let result: unknown;
      try {
        result = await original.call(this, given, ...more);
      } catch (error) {
        // What stands in front of what has failed was carried out.
        await tell({ kind: 'failed', isUnknown: true });
        throw error;
      }
      await tell({ kind: 'done', results: [] });
      return result;
    };
  });
  return [name, replaced] as const;
});

/** @returns ends it */
export function watchDumps(connection: object, party: MikroParty): () => void {
  if (party.lookup.dialect !== 'sqlite') return () => {};
  const stops = dumps.flatMap(([name, replaced]) => (name in connection ? [replaced.on(connection, party)] : []));
  return () => {
    for (const stop of stops) stop();
  };
}
