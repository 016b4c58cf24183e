import { fileURLToPath } from 'node:url';

/** The frames of the stack, the caller's first; nobody's where the runtime says nothing of them. */
export function callSites(depth: number): readonly NodeJS.CallSite[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    // Whatever somebody has set to rewrite stacks, here the sites themselves are wanted.
    Error.prepareStackTrace = (_error, sites) => sites;
    Error.stackTraceLimit = depth + 1;
    const { stack } = new Error() as { stack?: unknown };
    return Array.isArray(stack) ? (stack as NodeJS.CallSite[]).slice(1) : [];
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    if (prepareStackTrace === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
    else Error.prepareStackTrace = prepareStackTrace;
  }
}

/** The path of the file that a frame is in; empty for what has none. */
export function fileOf(site: NodeJS.CallSite): string {
  const file = site.getFileName() ?? '';
  return file.startsWith('file:') ? fileURLToPath(file) : file;
}

/**
 * The path of the file that asks, or of the bundle that it has become a part of; empty where that cannot be told.
 *
 * In place of `import.meta.url`: there is none where a test runner or a bundler has made CommonJS of a module, and naming it
 * is enough for such a file to be refused.
 */
export function ownFile(): string {
  const [, asking] = callSites(2);
  return asking === undefined ? '' : fileOf(asking);
}
