/** The root of the repository, seen from the compiled test. */
export const repository: URL = new URL('../../../', import.meta.url);
