import 'reflect-metadata';
import type { InjectionToken } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';

/** Where `@Inject()` notes what constructors and properties ask for. */
const CONSTRUCTOR = 'self:paramtypes';
const PROPERTIES = 'self:properties_metadata';

type Noted = readonly { readonly param?: InjectionToken; readonly type?: InjectionToken }[] | undefined;

/**
 * The name of a class of this app, or of a factory's token, that asks for a token itself; known as soon as the modules are
 * wired, before anything is made.
 */
export function injectorOf(token: InjectionToken, modules: ModulesContainer): string | undefined {
  for (const module of modules.values()) {
    for (const wrapper of [
      ...module.providers.values(),
      ...module.controllers.values(),
      ...module.injectables.values(),
    ]) {
      const { metatype, inject } = wrapper;
      if (inject?.some((one) => one === token || (typeof one === 'object' && 'token' in one && one.token === token)))
        return wrapper.name;
      if (typeof metatype === 'function' && asksFor(token, metatype)) return wrapper.name;
    }
  }
  return undefined;
}

function asksFor(token: InjectionToken, metatype: object): boolean {
  const parameters: Noted = Reflect.getMetadata(CONSTRUCTOR, metatype);
  const properties: Noted = Reflect.getMetadata(PROPERTIES, metatype);
  return [...(parameters ?? []), ...(properties ?? [])].some(({ param, type }) => param === token || type === token);
}
