import type { ContentCoding } from '../http/content-coding.js';
import type { StoredResponse } from './stored-response.js';

/** A stored response's body in a content coding, made once and sent as it is. */
export interface CodedBody {
  readonly coding: ContentCoding;
  readonly body: Buffer;
  /** The entity tag of this coding; none where the response has none. */
  readonly etag: string | undefined;
}

/** Makes, of a response that was just stored, the codings it names. Settles later, whatever comes of it; never rejects. */
export type CodeBody = (stored: StoredResponse) => Promise<readonly CodedBody[]>;
