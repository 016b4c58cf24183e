/**
 * A failure that may be shown: a server that does not know a command answers with its arguments, and those of `HELLO` and
 * `AUTH` are credentials.
 */
export function readableCause(error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  const cut = message.replace(/,? with args beginning with.*$/s, '').replace(/\/\/[^/@\s]*@/g, '//***@');
  return error instanceof Error && cut === message ? error : new Error(cut);
}

/** Whether a server has answered, if only to say no: it lives, and the connection is sound. */
export function isErrorReply(error: unknown): error is Error {
  for (let it: unknown = error; typeof it === 'object' && it !== null; it = Object.getPrototypeOf(it)) {
    if (it.constructor?.name === 'ErrorReply') return true;
  }
  return false;
}

/**
 * There is no connection, or none any more, to the server that was asked. It says nothing against others, and when this one
 * is back the connection tells.
 */
export class AwayError extends Error {
  constructor(cause?: Error) {
    super(cause === undefined ? 'the node that has this key is not connected' : readableCause(cause).message);
  }
}
