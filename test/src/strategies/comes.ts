/** Waits until something is so, turn by turn, for as long as the test has: what other processes and servers do takes its time. */
export async function comes(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 5));
}
