import 'reflect-metadata';
import type { InjectionToken, ScopeOptions } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { CacheRegistry } from './cache-registry.js';
import { type Wrapper, wrappersOf } from './nest-containers.js';

/** Where `@Inject()` notes what constructors and properties ask for. */
const CONSTRUCTOR = 'self:paramtypes';
const PROPERTIES = 'self:properties_metadata';
/** Where `@Injectable()` and `@Controller()` note theirs. */
const SCOPE = 'scope:options';

type Noted =
  | readonly {
      readonly index?: number;
      readonly key?: string | symbol;
      readonly param?: InjectionToken;
      readonly type?: InjectionToken;
    }[]
  | undefined;

/**
 * The name of a class of this app, or of a factory's token, that asks for a token itself; known as soon as the modules are
 * wired, before anything is made.
 */
export function injectorOf(token: InjectionToken, modules: ModulesContainer): string | undefined {
  for (const module of modules.values()) {
    for (const wrapper of wrappersOf(module)) {
      // The registry asks for all of them.
      if (wrapper.token !== CacheRegistry && asksFor(token, wrapper)) return wrapper.name;
    }
  }
  return undefined;
}

/** Whether something asks for a token itself: a class, or a factory. */
export function asksFor(token: InjectionToken, { metatype, inject }: Wrapper): boolean {
  if (inject?.some((one) => one === token || (typeof one === 'object' && 'token' in one && one.token === token)))
    return true;
  if (typeof metatype !== 'function') return false;
  const parameters: Noted = Reflect.getMetadata(CONSTRUCTOR, metatype);
  const properties: Noted = Reflect.getMetadata(PROPERTIES, metatype);
  return [...(parameters ?? []), ...(properties ?? [])].some(({ param, type }) => param === token || type === token);
}

/** What a class asks for, by the position of its constructor's parameters, and its properties by their names. */
export function tokensOf(Class: object): ReadonlyMap<number | string | symbol, unknown> {
  const types: readonly unknown[] | undefined = Reflect.getMetadata('design:paramtypes', Class);
  const parameters: Noted = Reflect.getMetadata(CONSTRUCTOR, Class);
  const properties: Noted = Reflect.getMetadata(PROPERTIES, Class);
  const tokens = new Map<number | string | symbol, unknown>((types ?? []).entries());
  for (const { index, param } of parameters ?? []) if (index !== undefined) tokens.set(index, tokenOf(param));
  for (const { key, type } of properties ?? []) if (key !== undefined) tokens.set(key, tokenOf(type));
  return tokens;
}

/** For whom a class wants to be made, by its own word. */
export function scopeOf(Class: object): ScopeOptions['scope'] {
  return (Reflect.getMetadata(SCOPE, Class) as ScopeOptions | undefined)?.scope;
}

function tokenOf(asked: unknown): unknown {
  const isForward = typeof asked === 'object' && asked !== null && 'forwardRef' in asked;
  return isForward ? (asked as { forwardRef(): unknown }).forwardRef() : asked;
}
