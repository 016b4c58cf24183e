// Saves snapshots, and is killed by itself in the middle of the last one: saver.js FILE ENTRIES SNAPSHOTS
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { memoryStore } from '@viewcache/core/keyv-memory';

const [path = '', entries = '', snapshots = ''] = process.argv.slice(2);
const MIDDLE = 2_000_000;
const store = memoryStore({ maxBytes: '256mb' });

for (let round = 1; round <= Number(snapshots); round++) {
  // Every value says which snapshot it is of.
  for (let i = 0; i < Number(entries); i++) await store.set(`key ${i}`, `round ${round}, value ${i}`, 3_600_000);
  let isWriting = true;
  const saving = store.save(path).finally(() => {
    isWriting = false;
  });
  while (isWriting) {
    await turn();
    const beside = readdirSync(dirname(path)).find((name) => name.endsWith('.tmp'));
    const size =
      beside === undefined ? 0 : (statSync(join(dirname(path), beside), { throwIfNoEntry: false })?.size ?? 0);
    if (round === Number(snapshots) && size > MIDDLE) process.kill(process.pid, 'SIGKILL');
  }
  await saving;
}
