import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';

const running = new Set<ChildProcess>();

/** Starts a process that ends with this one at the latest; no other process is ever ended by the bench. */
export function startChild(command: readonly string[], options: SpawnOptions): ChildProcess {
  const [file, ...args] = command;
  if (file === undefined) throw new Error('An empty command');
  const child = spawn(file, args, options);
  running.add(child);
  child.once('close', () => running.delete(child));
  child.once('error', () => running.delete(child));
  return child;
}

/** Ends every process this one has started. */
export function endChildren(): void {
  for (const child of running) child.kill('SIGKILL');
}

process.once('exit', endChildren);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => process.exit(130));
}
