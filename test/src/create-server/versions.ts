import { createRequire } from 'node:module';
import express from 'express';

const require = createRequire(import.meta.url);

type ExpressModule = typeof express;

/** The two majors that `@viewcache/express` supports, for `describe.each`. */
export const versions: readonly (readonly [name: string, express: ExpressModule])[] = [
  ['Express 5', express],
  // The alias has no types of its own; what these tests use of it is the same in both.
  ['Express 4.19', require('express4') as ExpressModule],
];
