import type { Clock } from '../ports/clock.js';
import type { WarmProgress } from './warm-types.js';

/** What of a terminal is written to. */
export interface Terminal {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

const WIDTH = 24;
/** Nobody reads faster. */
const EVERY_MS = 100;

/** Whether somebody looks on: a log would be filled with lines. */
export function hasOnlooker(terminal: Terminal, environment: NodeJS.ProcessEnv = process.env): boolean {
  return terminal.isTTY === true && !environment['CI'] && environment['TERM'] !== 'dumb';
}

/** What is drawn on a terminal. */
export interface Bar {
  show(progress: WarmProgress): void;
  /** Leaves the line that it is on. */
  end(): void;
}

/** Draws how far a warming has come, on one line that is written over. */
export function progressBar(terminal: Terminal, clock: Clock, name: string): Bar {
  let drawnAt = Number.NEGATIVE_INFINITY;
  let isOpen = false;
  const show = (progress: WarmProgress): void => {
    const isOver = progress.done === progress.total;
    const now = clock.monotonic();
    if (!isOver && now - drawnAt < EVERY_MS) return;
    drawnAt = now;
    isOpen = !isOver;
    // A terminal may say that it has no columns. Back to the start, and clear to the end of the line.
    terminal.write(`\r${lineOf(progress, name).slice(0, (terminal.columns || 80) - 1)}\x1b[K${isOver ? '\n' : ''}`);
  };
  const end = (): void => {
    if (isOpen) terminal.write('\n');
    isOpen = false;
  };
  return { show, end };
}

function lineOf({ total, done, hits, stored, refused, failed }: WarmProgress, name: string): string {
  const filled = total === 0 ? WIDTH : Math.floor((done / total) * WIDTH);
  const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
  const counts = [`${stored} stored`, `${hits} ${hits === 1 ? 'hit' : 'hits'}`];
  if (refused > 0) counts.push(`${refused} refused`);
  if (failed > 0) counts.push(`${failed} failed`);
  return `warming ${name} ${bar} ${done}/${total} ${counts.join(', ')}`;
}
