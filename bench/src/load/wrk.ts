import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startChild } from '../children.js';
import { pin } from '../pinning.js';
import { CONNECTIONS, LOAD_GRACE_MS, type LoadGenerator, type LoadResult, type LoadTask } from './load.js';

/** Says whether `wrk` can be run here. */
export function hasWrk(): boolean {
  // `wrk -v` prints its version and ends with 1.
  return spawnSync('wrk', ['-v']).error === undefined;
}

/** Makes load with `wrk`, which costs so little that the server is always the busy side. */
export function wrkLoad(core: number | undefined): LoadGenerator {
  return {
    name: 'wrk',
    saturates: true,
    async run({ port, path, uniqueQuery, urls, seconds }: LoadTask): Promise<LoadResult> {
      const url = `http://127.0.0.1:${port}${path}`;
      const command = ['wrk', '-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--timeout', '10s'];
      if (urls !== undefined) command.push('-s', script('in-turn.lua'), url, '--', path, String(urls));
      else if (uniqueQuery === undefined) command.push('-s', script('report.lua'), url);
      else command.push('-s', script('unique.lua'), url, '--', path, uniqueQuery);
      return parseReport(await output(pin(command, core), seconds * 1_000 + LOAD_GRACE_MS));
    },
  };
}

function script(name: string): string {
  return fileURLToPath(new URL(`../../lua/${name}`, import.meta.url));
}

function parseReport(text: string): LoadResult {
  const [, requests, micros, errors] = /^BENCH (\d+) (\d+) (\d+)$/m.exec(text)?.map(Number) ?? [];
  if (requests === undefined || micros === undefined) throw new Error(`wrk said nothing to read:\n${text}`);
  if (errors !== 0) throw new Error(`wrk counted ${String(errors)} errors:\n${text}`);
  return { requests, seconds: micros / 1e6 };
}

function output(command: readonly string[], withinMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = startChild(command, { stdio: ['ignore', 'pipe', 'inherit'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), withinMs);
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(timer);
      resolve(text);
    });
  });
}
