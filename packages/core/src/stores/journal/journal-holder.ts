import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { hostname } from 'node:os';

/** How often a holder says that it is still there. */
export const BEAT_MS = 1_000;
/** A holder of this machine that may be in another container, and has said nothing for so long, is gone. */
const SILENT_HERE_MS = 6_000;
/** The same of another machine: what it says may take its time to be seen here. */
const SILENT_ELSEWHERE_MS = 30_000;
const LOOK_EVERY_MS = 50;

/** Who holds a journal. */
export interface Holder {
  readonly host: string;
  readonly pid: number;
  /** When it was started, as its system counts: the same number may be another process's by now. */
  readonly started: string;
  /** Where that number means that process: a start of a system, and a space of numbers, of which each container has its own. */
  readonly place: string;
  /** Of this one alone: all else may be equal in two containers. */
  readonly token: string;
}

/** Tokens of this process, whichever copy of this module has made them: nobody has to be asked about these. */
const HELD = Symbol.for('viewcache.journals');
const shared = globalThis as { [HELD]?: Set<string> };
shared[HELD] ??= new Set();
export const held: Set<string> = shared[HELD];

export function holderOf(token: string): Holder {
  return { host: hostname(), pid: process.pid, started: startOf(process.pid), place: placeOf(), token };
}

/** @returns `undefined` for what its maker has not written to its end */
export function readHolder(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<Holder>;
    return typeof holder.pid === 'number' && typeof holder.host === 'string' ? (holder as Holder) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a holder is still there. Where only its silence can tell, this waits for that, for some seconds at most. */
export function isThere(file: string, holder: Holder): boolean {
  if (held.has(holder.token)) return true;
  if (holder.host !== hostname()) return silenceOf(file) < SILENT_ELSEWHERE_MS;
  const place = placeOf();
  const isSeen = place !== '' && place === holder.place;
  // Ours, and none that is known: of a process before this one, or of a thread beside this one.
  const isOurs = holder.pid === process.pid && holder.started === startOf(process.pid);
  return isSeen && !isOurs ? isRunning(holder) : isHeard(file);
}

/** Numbers of processes come again: the time of the start tells them apart, where there is one. */
function isRunning({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process is one.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return startOf(pid) === started;
}

/** Waits for a sign of life: a container that was killed and is begun anew finds the lock that it had a moment before. */
function isHeard(file: string): boolean {
  const first = modifiedAt(file);
  const until = performance.now() + SILENT_HERE_MS - Math.max(0, Date.now() - first);
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  while (performance.now() < until) {
    Atomics.wait(sleeper, 0, 0, LOOK_EVERY_MS);
    const now = modifiedAt(file);
    if (now !== first) return now > 0;
  }
  return false;
}

function silenceOf(file: string): number {
  return Date.now() - modifiedAt(file);
}

function modifiedAt(file: string): number {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}

/** Empty where nobody can tell. Elsewhere than on Linux a machine has one space of numbers. */
function placeOf(): string {
  if (process.platform !== 'linux') return process.platform;
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
}

/** When a process was started, where the system tells; else nothing, and its number has to do. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of a program may have spaces and brackets in it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
