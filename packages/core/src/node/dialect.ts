/** How the apps of a web framework write what a warning advises. */
export interface Dialect {
  /** What makes a key of an expression, in which `req` is the request where it is there. */
  key(expression: string): string;
  /** How another option of the view is set. */
  option(text: string): string;
  /** What leaves a route out of the cache. */
  readonly never: string;
  /** Where something is done before the cache is asked. */
  readonly before: string;
}

export const EXPRESS_DIALECT: Dialect = {
  key: (expression) => `key: ${/\breq\b/.test(expression) ? '(req)' : '()'} => ${expression}`,
  option: (text) => text,
  never: 'neverCache()',
  before: 'in front of cachePage',
};
