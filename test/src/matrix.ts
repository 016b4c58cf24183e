/** A suite that does not run whole on every Node, and why. */
export interface Limited {
  /** The test file, as its path under the repository with `dist` and `.js`: `test/dist/nest11/app.test.js`. */
  readonly suite: string;
  /** The Node majors on which every test of it runs; elsewhere its tests may be skipped. */
  readonly nodes: readonly number[];
  /** What stands in the way on the others, so that a reader can tell when the line may go. */
  readonly why: string;
}

/** The Node majors on which `npm run test:nodes` runs everything that is not {@link limited}. */
export const nodes: readonly number[] = [20, 22, 24];

/** The only suites whose tests may be skipped; a skipped test anywhere else fails the run. */
export const limited: readonly Limited[] = [];
