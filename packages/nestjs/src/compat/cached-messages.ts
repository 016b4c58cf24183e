import { type CallHandler, Logger } from '@nestjs/common';
import { type Observable, of, tap } from 'rxjs';
import type { ManagedCache } from './managed-cache.js';

/**
 * What a handler of messages returns, kept by a key.
 *
 * A handler that sends several values is passed through: who came later would get the last one.
 */
export async function servedMessage(
  manager: ManagedCache,
  key: string,
  ttl: () => number | undefined | Promise<number | undefined>,
  next: CallHandler,
): Promise<Observable<unknown>> {
  const found = await manager.get<unknown>(key).catch(() => undefined);
  if (found !== undefined && found !== null) return of(found);
  const since = await manager.token();
  const lasting = await ttl();
  let count = 0;
  let last: unknown;
  const store = (): void => {
    if (count !== 1 || last === undefined || last === null) return;
    manager.fill(key, last, lasting, since).catch((error: unknown) => Logger.error(error, 'CacheInterceptor'));
  };
  return next.handle().pipe(
    tap({
      next: (value) => {
        count++;
        last = value;
      },
      complete: store,
    }),
  );
}
