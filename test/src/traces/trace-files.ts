import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { Trace } from './trace.js';
import { adaptSize, arc, ints, lirs, longs, oracleGeneral, type TraceParser } from './trace-formats.js';

/** A trace that was found, not read yet. */
export interface TraceFile {
  readonly name: string;
  readonly path: string;
}

/** Files by their folder and ending, and how they are read. */
const FORMATS: readonly [pattern: RegExp, parse: TraceParser][] = [
  [/(^|\/)lirs\/[^/]+\.trace/, lirs],
  [/(^|\/)arc\/[^/]+\.lis/, arc],
  [/(^|\/)(cache2k|cloud_physics)\/[^/]+\.(trace|xz)/, ints],
  [/(^|\/)(corda|scarab)\/[^/]+/, longs],
  [/(^|\/)adapt_size\/[^/]+\.trace/, adaptSize],
  [/\.oracleGeneral/, oracleGeneral],
];
const BIGGEST = 2 ** 30;

/** The traces in a folder and those below it, by name. */
export function findTraces(folder: string): TraceFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).replaceAll('\\', '/'))
    .filter((path) => formatOf(path) !== undefined && !/README|LICENSE/.test(path))
    .map((path) => ({ name: nameOf(path), path }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** Reads a trace whole. */
export function readTrace({ name, path }: TraceFile): Trace {
  const parse = formatOf(path);
  if (parse === undefined) throw new Error(`${path} is of no format that is known by its name`);
  return parse(name, decompressed(path));
}

/** The bytes of a file, decompressed by the end of its name; xz and zstd by the programs of these names. */
export function decompressed(path: string): Buffer {
  if (path.endsWith('.gz')) return gunzipSync(readFileSync(path));
  if (path.endsWith('.br')) return brotliDecompressSync(readFileSync(path));
  if (path.endsWith('.xz')) return execFileSync('xz', ['-dc', path], { maxBuffer: BIGGEST });
  if (path.endsWith('.zst')) return execFileSync('zstd', ['-dcq', path], { maxBuffer: BIGGEST });
  return readFileSync(path);
}

function formatOf(path: string): TraceParser | undefined {
  return FORMATS.find(([pattern]) => pattern.test(path))?.[1];
}

function nameOf(path: string): string {
  return basename(path)
    .replace(/\.(gz|br|xz|zst)$/, '')
    .replace(/\.(trace|lis|bin)$/, '')
    .replace(/\.oracleGeneral$/, '');
}
