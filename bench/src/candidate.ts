/** Whether the load asks for one URL again and again, or for a new one each time. */
export type Path = 'hit' | 'miss';

/** What answers the requests: one file in `candidates/`, run in a process of its own. */
export interface Candidate {
  /** How the table calls it. */
  label: string;
  /** What the server is made with; a cache is compared with the bare framework on the same kind of server. */
  server: 'node:http' | 'app.listen' | 'createServer' | 'Nest on Express' | 'Nest on Fastify';
  /** Answers a URL it has answered before without running the handler. */
  caches: boolean;
  paths: readonly Path[];
  /** What it asks Redis on a hit; candidates without it know of no Redis. */
  redis?: RedisUse;
  /** Whether guards run on its hits; candidates without it have no guard. */
  guards?: 'each' | 'none';
}

/** `seldom`: a copy in the process answers. `each`: every hit asks Redis, though requests at the same time may share a question. */
export type RedisUse = 'seldom' | 'each';
