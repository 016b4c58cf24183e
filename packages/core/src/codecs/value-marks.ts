/**
 * What stands in JSON for what JSON cannot say: a list that begins with one of these. A list of the value's own that begins
 * with a string like it has {@link LIST} in front.
 *
 * Objects are numbered in the order in which they are met, from outside in, so that one can be named that was met before.
 */
export const LIST = '$';
export const UNDEFINED = '$u';
/** Where a list has nothing at all. */
export const HOLE = '$h';
/** NaN, the infinities, and -0, by their name. */
export const NUMBER = '$n';
/** A BigInt, in hexadecimal: that is read in linear time. */
export const BIGINT = '$i';
/** The number of an object that was met before. */
export const SAME = '$=';
/** Milliseconds, or null for an invalid one. */
export const DATE = '$d';
/** key, value, key, value. */
export const MAP = '$m';
export const SET = '$s';
/** source, flags. */
export const REGEXP = '$r';
export const URL_MARK = '$l';
/** Its type, and how many of the bytes behind the JSON it takes: the next ones. */
export const BYTES = '$b';
/** An object with no prototype: its properties. */
export const BARE = '$o';
/** An object with properties that are not enumerable: those that are, those that are not. */
export const HIDING = '$p';
/** An error of the language: name of its class, its properties, hidden ones. */
export const ERROR = '$e';
/** The same of a registered class. */
export const CLASS_ERROR = '$E';
/** An instance of a registered class: name, its properties, and hidden ones, if any. */
export const INSTANCE = '$c';
/** An instance of a registered class: name, what its class's `encode` returned. */
export const ENCODED = '$k';

/** Whether a list that begins with this is no list, or has to be marked as one. */
export function isMark(first: unknown): first is string {
  return typeof first === 'string' && first.charCodeAt(0) === 0x24;
}

/** Classes of errors that every process has. */
export const ERRORS: Readonly<Record<string, { readonly prototype: object }>> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  AggregateError,
};
