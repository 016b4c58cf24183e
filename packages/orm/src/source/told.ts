/** What is waited for before a write's caller goes on; nothing, where there is nothing to wait for. */
export type Told = Promise<void> | undefined;

/** All of it. */
export function together(told: readonly Told[]): Told {
  const waited = told.filter((each) => each !== undefined);
  return waited.length < 2 ? waited[0] : Promise.all(waited).then(() => {});
}
