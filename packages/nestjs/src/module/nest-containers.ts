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

/** How many things all modules make. */
export function sizeOf(modules: ModulesContainer): number {
  let size = 0;
  for (const { providers, controllers, injectables } of modules.values())
    size += providers.size + controllers.size + injectables.size;
  return size;
}

/** The class that is provided as it is; `undefined` for what a factory makes, or somebody has made already. */
export function classProvided({ metatype, inject }: Wrapper): (new (...args: never[]) => object) | undefined {
  const isClass = typeof metatype === 'function' && (inject === undefined || inject === null);
  return isClass ? (metatype as new (...args: never[]) => object) : undefined;
}

/** Whether a factory is called while the app runs. */
export function isMadeLater(wrapper: Wrapper): boolean {
  if (!wrapper.isFactory || wrapper.isAlias) return false;
  return wrapper.isTransient || !wrapper.isDependencyTreeStatic();
}

/** The class of what is provided: as it is, or of what was made already by a factory or somebody else. */
export function classOfWrapper(wrapper: Wrapper): (new (...args: never[]) => object) | undefined {
  const provided = classProvided(wrapper);
  if (provided !== undefined) return provided;
  const [first] = wrapper.isTransient ? wrapper.getStaticTransientInstances() : [];
  const { instance } = (first ?? wrapper) as { readonly instance: unknown };
  if (typeof instance !== 'object' || instance === null) {
    // What is made while the app runs is, as far as anybody knows, what it is asked for by.
    const { token } = wrapper;
    return typeof token === 'function' && isMadeLater(wrapper) ? (token as new () => object) : undefined;
  }
  try {
    return (Object.getPrototypeOf(instance) as { readonly constructor?: new () => object } | null)?.constructor;
  } catch {
    // A proxy that answers only where there is a request.
    return undefined;
  }
}

/** Whether something is what a provider stands for, as far as that is no matter of a request. */
export function holds(wrapper: Wrapper, instance: object): boolean {
  if (wrapper.instance === instance) return true;
  return wrapper.isTransient && wrapper.getStaticTransientInstances().some((each) => each?.instance === instance);
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
  for (const each of dependencyPlacesOf(wrapper).values()) {
    if (passed.has(each)) continue;
    passed.add(each);
    yield each;
    yield* dependenciesOf(each, passed);
  }
}

/**
 * What is injected into something, by the position of its constructor's parameters, and its properties by their names: there
 * is nothing where that is optional, and nobody provides it.
 */
export function dependencyPlacesOf(wrapper: Wrapper): ReadonlyMap<number | string | symbol, Wrapper> {
  const parameters = wrapper.getCtorMetadata() as readonly (Wrapper | undefined)[] | undefined;
  const properties = wrapper.getPropertiesMetadata() as readonly Property[] | undefined;
  const places = new Map<number | string | symbol, Wrapper>();
  for (const [at, each] of (parameters ?? []).entries()) if (each !== undefined) places.set(at, each);
  for (const { key, wrapper: each } of properties ?? []) if (each !== undefined) places.set(key, each);
  return places;
}

interface Property {
  readonly key: string | symbol;
  readonly wrapper?: Wrapper;
}
