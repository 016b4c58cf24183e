import type { RequestHandler } from 'express';

/** Passport, as far as these tests ask for it. */
export interface PassportStatic {
  initialize(): RequestHandler;
  session(): RequestHandler;
}
