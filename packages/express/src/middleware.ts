import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Request as ExpressRequest } from 'express';

/**
 * Express middleware that asks nothing of the request's type, so that handlers behind it keep the types that their path
 * gives them (`req.params.id` of `'/users/:id'`).
 */
export type Middleware = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void;

/** What functions in options are given: a request whose parameters are strings, as all but wildcards are. */
export type Request = ExpressRequest<Record<string, string>>;
