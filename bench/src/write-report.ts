import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Progress } from './progress.js';

/** Writes a report where it is wanted, and says so; nowhere without a name of a file. */
export function writeReport(out: string | undefined, markdown: string, progress: Progress): void {
  if (out === undefined) return;
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, markdown);
  progress.line(`Written to ${out}`);
}
