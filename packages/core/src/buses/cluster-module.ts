import type cluster from 'node:cluster';

/** `node:cluster`, loaded only by processes that have to do with it: it takes longer than most of this package. */
export function clusterModule(): typeof cluster {
  // What its types call `default` is the module itself.
  return process.getBuiltinModule('node:cluster') as unknown as typeof cluster;
}
