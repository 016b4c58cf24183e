import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Where the two sides of a measurement run, so that the load never takes time from the server. */
export interface Pinning {
  serverCore: number;
  loadCore: number;
}

/**
 * Chooses one core for the server and another for the load.
 *
 * @returns `undefined` where `taskset` is missing or only one core may be used; then nothing is pinned
 */
export function choosePinning(): Pinning | undefined {
  if (spawnSync('taskset', ['--version']).status !== 0) return undefined;
  const [serverCore, loadCore] = allowedCores();
  return serverCore === undefined || loadCore === undefined ? undefined : { serverCore, loadCore };
}

/** Prefixes a command so that it runs on one core only. */
export function pin(command: readonly string[], core: number | undefined): string[] {
  return core === undefined ? [...command] : ['taskset', '-c', String(core), ...command];
}

/** Moves this process, with all its threads, to one core. */
export function pinThisProcess(core: number | undefined): void {
  if (core !== undefined)
    spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(core), String(process.pid)]);
}

/** The kind of this machine, for the table's heading: no name, no address. */
export function describeMachine(): string {
  const all = cpus();
  return `${all.length} × ${all[0]?.model.trim() ?? 'unknown CPU'}, ${process.platform} ${process.arch}`;
}

function allowedCores(): number[] {
  const list = /^Cpus_allowed_list:\s*(.+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
  });
}
