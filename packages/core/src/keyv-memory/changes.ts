import type { SnapshotChanges } from '../stores/snapshots/snapshot-writer.js';

/** Beyond so many keys nobody remembers which they were: all count as changed. */
const REMEMBERED = 1_000_000;

/** What has changed since somebody began to watch. */
export class Changes implements SnapshotChanges {
  readonly keys = new Set<string>();
  isCleared = false;

  add(key: string): void {
    if (this.isCleared) return;
    this.keys.add(key);
    if (this.keys.size > REMEMBERED) this.clear();
  }

  clear(): void {
    this.isCleared = true;
    this.keys.clear();
  }
}
