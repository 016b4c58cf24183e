import { type Document, deserialize, serialize } from 'bson';

const OP_REPLY = 1;
const OP_MSG = 2013;
const HEADER = 16;

/** One message of a client. */
export interface Message {
  readonly requestId: number;
  readonly command: Document;
  /** The client waits for no answer. */
  readonly isSilent: boolean;
  readonly isLegacy: boolean;
}

/** Cuts what comes over a connection into messages. */
export class MessageReader {
  #rest: Buffer = Buffer.alloc(0);

  *read(chunk: Buffer): Generator<Message> {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= HEADER && this.#rest.length >= this.#rest.readInt32LE(0)) {
      const length = this.#rest.readInt32LE(0);
      const message = this.#rest.subarray(0, length);
      this.#rest = this.#rest.subarray(length);
      const requestId = message.readInt32LE(4);
      if (message.readInt32LE(12) === OP_MSG) yield { requestId, isLegacy: false, ...sections(message) };
      else yield { requestId, isLegacy: true, isSilent: false, command: query(message) };
    }
  }
}

function sections(message: Buffer): Pick<Message, 'command' | 'isSilent'> {
  const flags = message.readUInt32LE(HEADER);
  const end = message.length - ((flags & 1) !== 0 ? 4 : 0);
  let command: Document = {};
  const lists: Document = {};
  for (let at = HEADER + 4; at < end; ) {
    const kind = message[at++];
    const length = message.readInt32LE(at);
    if (kind === 0) command = documentAt(message, at);
    else {
      const nameEnd = message.indexOf(0, at + 4);
      const documents: Document[] = [];
      for (let inner = nameEnd + 1; inner < at + length; inner += message.readInt32LE(inner))
        documents.push(documentAt(message, inner));
      lists[message.toString('utf8', at + 4, nameEnd)] = documents;
    }
    at += length;
  }
  // The name of the command comes first, wherever its documents stand.
  return { command: { ...command, ...lists }, isSilent: (flags & 2) !== 0 };
}

/** The first greeting of a connection. */
function query(message: Buffer): Document {
  const name = message.indexOf(0, HEADER + 4);
  return { ...documentAt(message, name + 1 + 8), $db: 'admin' };
}

function documentAt(message: Buffer, at: number): Document {
  return deserialize(message.subarray(at, at + message.readInt32LE(at)));
}

/** An answer, as it goes over the connection. */
export function answer({ requestId, isLegacy }: Message, reply: Document): Buffer {
  const body = serialize(reply);
  const head = Buffer.alloc(isLegacy ? HEADER + 20 : HEADER + 5);
  head.writeInt32LE(head.length + body.length, 0);
  head.writeInt32LE(requestId, 8);
  head.writeInt32LE(isLegacy ? OP_REPLY : OP_MSG, 12);
  // One document.
  if (isLegacy) head.writeInt32LE(1, HEADER + 16);
  return Buffer.concat([head, body]);
}
