import * as zlib from 'node:zlib';
import { ConfigError } from '../base/errors.js';
import { checkNames, checkOneOf, isRecord, parseBytes, withDefaults } from './check.js';

/** How stored bodies may be compressed. */
const CODINGS = ['gzip', 'zstd'] as const;
export type StoredCoding = (typeof CODINGS)[number];

/** How bodies are compressed for a shared store. */
export interface CompressOptions {
  /** Smaller bodies are stored as they are. @defaultValue `'4kb'` */
  readonly threshold?: number | string | undefined;
  /**
   * `'zstd'` takes half the time; only where each process that shares the store has it (Node 22.15, 23.8 or later), for to
   * the others such a response is a miss.
   *
   * @defaultValue `'gzip'`, which every Node reads
   */
  readonly coding?: StoredCoding | undefined;
}

/** {@link CompressOptions} with nothing left open. */
export interface Compression {
  readonly threshold: number;
  readonly coding: StoredCoding;
}

/** Whether this Node has zstd. */
export const hasZstd = typeof (zlib as { zstdCompress?: unknown }).zstdCompress === 'function';

const DEFAULTS = { threshold: 4096, coding: 'gzip' } as const;

/** What the `compress` option says; `undefined` for no compression. */
export function readCompression(compress: unknown): Compression | undefined {
  if (typeof compress === 'boolean') return compress ? DEFAULTS : undefined;
  if (!isRecord(compress))
    throw new ConfigError('compress', compress, 'true, false, or an object with some of threshold, coding');
  checkNames('compress', Object.keys(compress), ['threshold', 'coding'], compress);
  const read = withDefaults(DEFAULTS, compress as CompressOptions);
  const coding = checkOneOf('compress.coding', read.coding, CODINGS);
  if (coding === 'zstd' && !hasZstd)
    throw new ConfigError('compress.coding', coding, `'gzip' on Node ${process.versions.node}, which has no zstd`);
  const { threshold } = read;
  return { coding, threshold: threshold === 0 ? 0 : parseBytes('compress.threshold', threshold) };
}
