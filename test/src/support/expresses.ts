import express5 from 'express';
import express4 from 'express4';

/** The two Express versions that are supported, for `describe.each`. */
export const expresses: readonly (readonly [name: string, express: typeof express5])[] = [
  ['Express 5', express5],
  ['Express 4', express4],
];
