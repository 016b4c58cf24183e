/** A function, as those see it who read its source and call it. It says nothing of `this`: a function expression would have it from here. */
export type AnyFunction = (...args: never[]) => unknown;
