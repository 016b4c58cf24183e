import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { WarmSourceError } from '../base/warm-errors.js';
import { targetIn } from './log-line.js';
import { MostAsked } from './most-asked.js';

/** What stands in one line is no request. */
const LONGEST = 64 * 1024;

type Chunks = AsyncIterable<string | Uint8Array>;

/** What was asked for most in an access log, first. The log is read once, to its end, and never held. */
export async function* readAccessLog(source: string | URL | Chunks, top: number): AsyncGenerator<string> {
  const asked = new MostAsked();
  const count = async (chunks: Chunks): Promise<void> => {
    for await (const line of linesOf(chunks)) {
      const target = targetIn(line);
      if (target !== undefined) asked.add(target);
    }
  };
  if (typeof source !== 'string' && !(source instanceof URL)) await count(source);
  else {
    try {
      const file = createReadStream(source);
      await (String(source).endsWith('.gz') ? pipeline(file, createGunzip(), count) : pipeline(file, count));
    } catch (error) {
      throw new WarmSourceError(String(source), 'could not be read', error);
    }
  }
  yield* asked.top(top);
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
