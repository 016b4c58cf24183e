/**
 * What a server answers, or an error where it takes longer: what becomes of what it was asked, nobody knows then.
 *
 * By the machine's own time: a test leads the cache's.
 */
export async function answered<T>(answer: Promise<T>, atMostMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${atMostMs} ms`)), atMostMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
    answer.catch(() => {});
  }
}
