import 'reflect-metadata';
import { type AnyFunction, kindOfFunction } from '@viewcache/core/node';
import { Observable } from 'rxjs';

/** What a method returns: a promise, an Observable, or an async iterable. */
export type ResultKind = 'promise' | 'observable' | 'stream';

/** What a method returns, as far as that is known before it has run. */
export interface DeclaredKind {
  /** `undefined` where neither the method nor its metadata says. */
  readonly kind: ResultKind | undefined;
  /** The name of what it returns, where that can be none of these. */
  readonly refused?: string;
}

/**
 * What a method returns, by the method itself and by the type that TypeScript has noted (`emitDecoratorMetadata`). Nothing
 * is noted where the method says no type, or where another compiler was at work.
 */
export function declaredKind(prototype: object, key: string | symbol, method: AnyFunction): DeclaredKind {
  const own = kindOfFunction(method);
  if (own === 'promise' || own === 'stream') return { kind: own };
  if (own === 'iterator') return { kind: undefined, refused: 'Generator' };
  const type: unknown = Reflect.getOwnMetadata('design:returntype', prototype, key);
  // `Function` is what is noted of any class that was imported by `import type`.
  if (typeof type !== 'function' || type === Function) return { kind: undefined };
  if (type === Observable || hasMethods(type, 'subscribe', 'pipe')) return { kind: 'observable' };
  if (hasMethods(type, 'then')) return { kind: 'promise' };
  return { kind: undefined, refused: type.name };
}

/** By what it can do: there may be two copies of rxjs, and more than one kind of promise. */
function hasMethods(type: AnyFunction | (new () => unknown) | object, ...names: readonly string[]): boolean {
  const { prototype } = type as { readonly prototype?: Readonly<Record<string, unknown>> };
  return prototype !== undefined && names.every((name) => typeof prototype[name] === 'function');
}
