/** Fills or puts that are sent together: the server does nothing else meanwhile. */
export const AT_ONCE = 500;

/** What came of each; rejects only where nothing came of any. One that is too large is no reason to give up the others. */
export async function together<T>(all: readonly Promise<T>[]): Promise<readonly (T | undefined)[]> {
  const settled = await Promise.allSettled(all);
  const failed = settled.find((each) => each.status === 'rejected');
  if (failed !== undefined && settled.every(({ status }) => status === 'rejected')) throw failed.reason;
  return settled.map((each) => (each.status === 'fulfilled' ? each.value : undefined));
}

export function bytesOf(frame: Uint8Array): Buffer {
  return Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
}
