import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { type ContentCoding, codedEntityTag } from '../http/content-coding.js';
import type { CodedBody } from '../ports/coded-body.js';
import type { StoredResponse } from '../ports/stored-response.js';

/** What `node:zlib` has beyond Node 20. */
const { zstdCompress } = zlib as {
  zstdCompress?(body: Uint8Array, options: object, done: (error: Error | null, bytes: Buffer) => void): void;
};

/** Made once and sent often, yet while others wait for a thread: quality as servers choose it for what they make on the way. */
const BROTLI = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } };
const GZIP = { level: 6 };

const MAKERS: Readonly<Record<ContentCoding, ((body: Buffer) => Promise<Buffer>) | undefined>> = {
  br: (body) =>
    promisify(zlib.brotliCompress)(body, {
      params: { ...BROTLI.params, [zlib.constants.BROTLI_PARAM_SIZE_HINT]: body.length },
    }),
  gzip: (body) => promisify(zlib.gzip)(body, GZIP),
  zstd: zstdCompress && ((body) => promisify(zstdCompress)(body, {})),
};

/** What comes out must be this much smaller to be kept. */
const WORTH = 0.9;
/** Bodies that are being coded or wait for it; further ones are sent as they are, until they are stored again. */
const MOST_AT_ONCE = 64;

/** Makes the codings of stored bodies, two at a time and off the main thread: the other threads are for files and names. */
export class BodyCoder {
  #underWay = 0;
  #turn = 0;
  readonly #lanes: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()];

  /** The codings that this Node has and that make the body smaller, in the order they were asked for. Never rejects. */
  async code(stored: StoredResponse): Promise<readonly CodedBody[]> {
    if (this.#underWay >= MOST_AT_ONCE) return [];
    this.#underWay++;
    this.#turn = (this.#turn + 1) % this.#lanes.length;
    const coded = (this.#lanes[this.#turn] as Promise<unknown>).then(() => make(stored));
    this.#lanes[this.#turn] = coded;
    const made = await coded;
    this.#underWay--;
    return made;
  }
}

async function make({ body, etag, codings = [] }: StoredResponse): Promise<readonly CodedBody[]> {
  const coded: CodedBody[] = [];
  for (const coding of codings) {
    // What cannot be made is not sent.
    const bytes = await MAKERS[coding]?.(body).catch(() => undefined);
    if (bytes === undefined || bytes.length > body.length * WORTH) continue;
    coded.push({ coding, body: unpooled(bytes), etag: etag === undefined ? undefined : codedEntityTag(etag, coding) });
  }
  return coded;
}

/** Memory of its own: zlib hands out parts of larger blocks, which would be kept alive and counted by nobody. */
function unpooled(bytes: Buffer): Buffer {
  const own = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(own);
  return own;
}
