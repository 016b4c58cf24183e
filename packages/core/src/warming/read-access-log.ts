import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { printable } from '../base/printable.js';
import { WarmSourceError } from '../base/warm-errors.js';
import { isLogLine, targetIn } from './log-line.js';
import { MostAsked } from './most-asked.js';
import { urlOf } from './source-url.js';

/** What stands in one line is no request. */
const LONGEST = 64 * 1024;

type Chunks = AsyncIterable<string | Uint8Array>;

/** What is shown of a line that says nothing. */
const SHOWN = 100;

/**
 * What was asked for most in an access log, first. The log is read once, to its end, and never held.
 *
 * @param signal - ends the reading: of a file that is closed, of a stream that is destroyed
 * @throws {@link WarmSourceError} for a file that cannot be read, and for a log of which no line is of a format that is known
 */
export async function* readAccessLog(
  source: string | URL | Chunks,
  top: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  const asked = new MostAsked();
  const lines = { read: 0, isAnyKnown: false, first: '' };
  const count = async (chunks: Chunks): Promise<void> => {
    for await (const line of linesOf(chunks)) {
      const target = targetIn(line);
      if (target !== undefined) asked.add(target);
      if (lines.isAnyKnown || line.trim() === '') continue;
      lines.isAnyKnown = target !== undefined || isLogLine(line);
      if (lines.read++ === 0) lines.first = line;
    }
  };
  const how = signal === undefined ? {} : { signal };
  const isFile = typeof source === 'string' || source instanceof URL;
  if (!isFile) await pipeline(source, count, how);
  else {
    try {
      const file = createReadStream(urlOf(source) ?? source);
      await (String(source).endsWith('.gz') ? pipeline(file, createGunzip(), count, how) : pipeline(file, count, how));
    } catch (error) {
      throw new WarmSourceError(String(source), 'could not be read', error);
    }
  }
  if (lines.read > 0 && !lines.isAnyKnown)
    throw new WarmSourceError(
      isFile ? String(source) : 'the access log',
      `is in no format that is known: lines are of the common or the combined format of Apache and nginx, or JSON with a method, a URL and a status; the first of ${lines.read} is '${shown(lines.first)}'`,
    );
  yield* asked.top(top);
}

function shown(line: string): string {
  return printable(line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line);
}

/** Lines that are not too long. What is left of one that is, is no line of its own. */
async function* linesOf(chunks: Chunks): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  let isTooLong = false;
  for await (const chunk of chunks) {
    const lines = (rest + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!isTooLong && line.length <= LONGEST) yield line;
      isTooLong = false;
    }
    if (rest.length > LONGEST) isTooLong = true;
    if (isTooLong) rest = '';
  }
  if (rest !== '') yield rest;
}
