import 'reflect-metadata';
import { UseInterceptors } from '@nestjs/common';
import { CacheViewInterceptor } from './cache-view-interceptor.js';
import { INTERCEPTORS } from './route-metadata.js';

/** For a controller, and for a method that answers a route. */
export type RouteDecorator = ClassDecorator & MethodDecorator;

/** Notes something of a route or a controller, and has it carried out. */
export function routeDecorator(key: string, value: (before: unknown) => unknown): RouteDecorator {
  return (target: object, name?: string | symbol, descriptor?: PropertyDescriptor): void => {
    const place: object = descriptor?.value ?? target;
    Reflect.defineMetadata(key, value(Reflect.getOwnMetadata(key, place)), place);
    const interceptors: readonly unknown[] = Reflect.getOwnMetadata(INTERCEPTORS, place) ?? [];
    // Several decorators of ours on one route are one interceptor, where the first of them stands.
    if (interceptors.includes(CacheViewInterceptor)) return;
    UseInterceptors(CacheViewInterceptor)(target as never, name as never, descriptor as never);
  };
}
