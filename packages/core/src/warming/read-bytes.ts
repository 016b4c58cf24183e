import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { WarmSourceError } from '../base/warm-errors.js';

/** What a sitemap may have at most, by its own rules, before it is compressed. */
const MOST_BYTES = 50 * 1024 * 1024;
/** A server that does not answer keeps nobody from warming the rest of his life. */
const PATIENCE_MS = 30_000;
const unzip = promisify(gunzip);

/** A whole file, or what a server answers: unpacked, where it is gzip, and no larger than a sitemap may be. */
export async function readWhole(source: string | URL, signal: AbortSignal | undefined): Promise<string> {
  try {
    const bytes = await collect(source instanceof URL ? fetched(source, signal) : file(source), signal);
    const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
    return (isPacked ? await unzip(bytes, { maxOutputLength: MOST_BYTES }) : bytes).toString('utf8');
  } catch (error) {
    throw error instanceof WarmSourceError ? error : new WarmSourceError(String(source), 'could not be read', error);
  }
}

async function collect(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    // Leaving the loop closes what is read.
    signal?.throwIfAborted();
    length += chunk.length;
    if (length > MOST_BYTES) throw new Error('it has more than 50 MB');
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

async function* file(path: string): AsyncGenerator<Uint8Array> {
  const handle = await open(path);
  yield* handle.createReadStream() as AsyncIterable<Buffer>;
}

/** Goes nowhere else, whatever the server says. A login in the URL is sent as a browser would: `fetch` takes none, and shows it. */
async function* fetched(url: URL, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const late = AbortSignal.timeout(PATIENCE_MS);
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  const response = await fetch(bare, {
    redirect: 'error',
    headers: authorizationOf(url),
    signal: signal === undefined ? late : AbortSignal.any([late, signal]),
  });
  if (!response.ok || response.body === null) throw new Error(`it was answered with ${response.status}`);
  yield* response.body;
}

function authorizationOf({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const login = `${decoded(username)}:${decoded(password)}`;
  return { authorization: `Basic ${Buffer.from(login).toString('base64')}` };
}

/** A percent sign that nobody has escaped is one. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
