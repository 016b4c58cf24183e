import { jsonLog } from './json-log.js';
import { type Trace, traceOf } from './trace.js';

/** Reads a trace file, decompressed. */
export type TraceParser = (name: string, bytes: Buffer) => Trace;

/** One block a line; lines with `*` separate phases. LIRS authors' traces. */
export const lirs: TraceParser = (name, bytes) =>
  traceOf(
    name,
    lines(bytes).filter((line) => line !== '*'),
  );

/** `start count ignored sequence` a line: `count` blocks from `start` on. Traces of the ARC paper (Megiddo and Modha, FAST 2003). */
export const arc: TraceParser = (name, bytes) => traceOf(name, blocks(bytes));

function* blocks(bytes: Buffer): Generator<number> {
  for (const line of lines(bytes)) {
    const [start = 0, count = 0] = line.split(' ').map(Number);
    for (let block = start; block < start + count; block++) yield block;
  }
}

/** 32-bit numbers. cache2k's traces and Caffeine's of CloudPhysics. */
export const ints: TraceParser = (name, bytes) => traceOf(name, everyInt(bytes));

function* everyInt(bytes: Buffer): Generator<number> {
  for (let at = 0; at + 4 <= bytes.length; at += 4) yield bytes.readUInt32BE(at);
}

/** 64-bit numbers. Caffeine's traces of Corda and Scarab. */
export const longs: TraceParser = (name, bytes) => traceOf(name, everyLong(bytes));

function* everyLong(bytes: Buffer): Generator<bigint> {
  for (let at = 0; at + 8 <= bytes.length; at += 8) yield bytes.readBigUInt64BE(at);
}

const ORACLE_RECORD = 24;

/** libCacheSim's records: time, 64-bit name, size, next access. */
export const oracleGeneral: TraceParser = (name, bytes) => {
  const names: bigint[] = [];
  const sizes: number[] = [];
  for (let at = 0; at + ORACLE_RECORD <= bytes.length; at += ORACLE_RECORD) {
    names.push(bytes.readBigUInt64LE(at + 4));
    sizes.push(bytes.readUInt32LE(at + 12));
  }
  return traceOf(name, names, sizes);
};

/** `sequence key size` a line. AdaptSize's trace. */
export const adaptSize: TraceParser = (name, bytes) => {
  const fields = lines(bytes).map((line) => line.split(' '));
  return traceOf(
    name,
    fields.map(([, key = '']) => key),
    fields.map(([, , size]) => Number(size)),
  );
};

/** Keys, or an access log in the common or combined format or with a JSON object a line: its path is the key, the length the size. */
export const accessLog: TraceParser = (name, bytes) => {
  const all = lines(bytes);
  const json = jsonLog(name, all);
  if (json !== undefined) return json;
  const logged = all.map((line) => /"(?:GET|HEAD) (\S+)[^"]*" (\d{3}) (\d+|-)/.exec(line));
  if (!logged.some((found) => found !== null)) return traceOf(name, all);
  const answered = logged.filter((found) => found !== null && found[2] === '200');
  return traceOf(
    name,
    answered.map((found) => found?.[1] as string),
    answered.map((found) => Math.max(1, Number(found?.[3]) || 1)),
  );
};

function lines(bytes: Buffer): string[] {
  return bytes
    .toString('utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
