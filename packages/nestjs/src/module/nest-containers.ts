import type { InjectionToken } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';

/** A module of an app, as Nest keeps it. */
export type ModuleRef = ModulesContainer extends Map<string, infer M> ? M : never;

/** A provider or controller of an app, as Nest keeps it. */
export type Wrapper = ModuleRef['providers'] extends Map<unknown, infer W> ? W : never;

/** Whatever a module makes. */
export function wrappersOf({ providers, controllers, injectables }: ModuleRef): readonly Wrapper[] {
  return [...providers.values(), ...controllers.values(), ...injectables.values()];
}

/** The class that is provided as it is; `undefined` for what a factory makes, or somebody has made already. */
export function classProvided({ metatype, inject }: Wrapper): (new (...args: never[]) => object) | undefined {
  const isClass = typeof metatype === 'function' && (inject === undefined || inject === null);
  return isClass ? (metatype as new (...args: never[]) => object) : undefined;
}

/** The class of what is provided: as it is, or of what was made already by a factory or somebody else. */
export function classOfWrapper(wrapper: Wrapper): (new (...args: never[]) => object) | undefined {
  const provided = classProvided(wrapper);
  if (provided !== undefined) return provided;
  const { instance } = wrapper as { readonly instance: unknown };
  if (typeof instance !== 'object' || instance === null) return undefined;
  try {
    return (Object.getPrototypeOf(instance) as { readonly constructor?: new () => object } | null)?.constructor;
  } catch {
    // A proxy that answers only where there is a request.
    return undefined;
  }
}

/** Whether a module can have injected what another one exports. */
function sees(module: ModuleRef, other: ModuleRef, passed: Set<ModuleRef> = new Set()): boolean {
  if (module === other) return true;
  if (passed.has(module)) return false;
  passed.add(module);
  // A module may export again what it imports, by the class of that module.
  return [...module.imports].some(
    (each) => each === other || (each.exports.has(other.metatype as never) && sees(each, other, passed)),
  );
}

/**
 * Whatever the modules make that can have injected what one module provides.
 *
 * @param instance - what the token stands for there: an app may import a module more than once
 */
export function wrappersSeeing(
  modules: ModulesContainer,
  token: InjectionToken,
  instance: unknown,
): readonly Wrapper[] {
  const all = [...modules.values()];
  const own = all.find(({ providers }) => providers.get(token)?.instance === instance);
  return own === undefined ? [] : all.filter((module) => sees(module, own)).flatMap(wrappersOf);
}

/** All that something is made of, directly or not. */
export function* dependenciesOf(wrapper: Wrapper, passed: Set<Wrapper> = new Set()): Generator<Wrapper> {
  for (const each of directDependenciesOf(wrapper)) {
    if (passed.has(each)) continue;
    passed.add(each);
    yield each;
    yield* dependenciesOf(each, passed);
  }
}

/** What is injected into something, in the order of its constructor's parameters; its properties last. */
export function directDependenciesOf(wrapper: Wrapper): readonly Wrapper[] {
  const parameters = wrapper.getCtorMetadata() as readonly (Wrapper | undefined)[] | undefined;
  const properties = wrapper.getPropertiesMetadata() as readonly { readonly wrapper?: Wrapper }[] | undefined;
  const all = [...(parameters ?? []), ...(properties ?? []).map((property) => property.wrapper)];
  return all.filter((each): each is Wrapper => each !== undefined);
}
