import { fileURLToPath } from 'node:url';
import { startChild } from '../children.js';
import { pin } from '../pinning.js';
import { LOAD_GRACE_MS, type LoadGenerator, type LoadResult, type LoadTask } from './load.js';

/**
 * Makes load with autocannon, where there is no `wrk`.
 *
 * It costs more per request than a fast server does, so such a server idles between requests: its figures come out a
 * little higher, and the ratios between fast servers a little closer to one.
 */
export function autocannonLoad(core: number | undefined): LoadGenerator {
  const script = fileURLToPath(new URL('./autocannon-client.js', import.meta.url));
  return {
    name: 'autocannon',
    saturates: false,
    run: (task: LoadTask) =>
      new Promise<LoadResult>((resolve, reject) => {
        const child = startChild(pin([process.execPath, script, JSON.stringify(task)], core), {
          stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        });
        const timer = setTimeout(() => child.kill('SIGKILL'), task.seconds * 1_000 + LOAD_GRACE_MS);
        child.once('message', (result) => resolve(result as LoadResult));
        child.once('error', reject);
        child.once('close', (code) => {
          clearTimeout(timer);
          reject(new Error(`autocannon ended with code ${String(code)} and no result`));
        });
      }),
  };
}
