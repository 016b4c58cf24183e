import type { DynamicModule, InjectionToken, Provider } from '@nestjs/common';
import { ConfigError } from '@viewcache/core';
import { checkBoolean, checkFunction, checkOptions, isRecord, maskUrl } from '@viewcache/core/node';

/** How options come from elsewhere. */
const WAYS = ['useFactory', 'useClass', 'useExisting'] as const;
/** All that is read of such options. */
export const ASYNC_OPTIONS = [...WAYS, 'inject', 'imports', 'provideInjectionTokensFrom', 'isGlobal'] as const;

/**
 * Refuses what is no object of settings, before anybody reads it.
 *
 * @param setting - what it was given to, for the error
 * @throws {@link ConfigError} that shows no password of a URL
 */
export function checkSettings(setting: string, options: unknown): void {
  if (isRecord(options)) return;
  const isText = typeof options === 'string';
  const meant = isText ? `{ store: '${maskUrl(options)}' }` : undefined;
  throw new ConfigError(setting, isText ? maskUrl(options) : options, 'an object of settings', meant);
}

/**
 * Refuses what cannot be said where a module is imported.
 *
 * @param where - the module's name, for errors
 * @throws {@link ConfigError}
 */
export function checkImport(where: string, method: string, options: unknown): void {
  checkSettings(`${where}.${method}`, options);
  const { isGlobal } = options as { readonly isGlobal?: unknown };
  if (isGlobal !== undefined) checkBoolean(`${where}.isGlobal`, isGlobal);
}

/**
 * The same of options that come from elsewhere.
 *
 * @param known - the names that it reads, where others are refused
 * @throws {@link ConfigError}
 */
export function checkAsyncImport(where: string, method: string, options: unknown, known?: readonly string[]): void {
  const setting = `${where}.${method}`;
  const allowed = `an object with one of ${WAYS.join(', ')}`;
  if (!isRecord(options)) throw new ConfigError(setting, options, allowed);
  if (known !== undefined) checkOptions(setting, options, known);
  checkImport(where, method, options);
  const ways = WAYS.filter((way) => options[way] !== undefined);
  if (ways.length !== 1) throw new ConfigError(setting, options, allowed);
  checkFunction(`${setting}.useFactory`, options['useFactory'], 'a function that returns the options');
  checkFunction(`${setting}.useClass`, options['useClass'], 'a class that makes the options');
  for (const name of ['inject', 'imports'] as const)
    if (options[name] !== undefined && !Array.isArray(options[name]))
      throw new ConfigError(`${setting}.${name}`, options[name], 'a list');
}

/** What makes the options of a module. */
interface FactoryClass {
  /** Of the options. */
  readonly token: InjectionToken;
  /** Its method for that. */
  readonly method: string;
  /** Where it was given, and what, for the error. */
  readonly setting: string;
  readonly given: unknown;
}

/** Has the module say so where a class that makes the options does not have the method for that. */
export function withCheckedFactory(
  definition: DynamicModule,
  { token, method, setting, given }: FactoryClass,
): DynamicModule {
  const checked = (provider: Provider): Provider => {
    if (typeof provider === 'function' || provider.provide !== token || !('useFactory' in provider)) return provider;
    const { useFactory } = provider;
    const made = (factory: Readonly<Record<string, unknown>>): unknown => {
      if (typeof factory?.[method] !== 'function')
        throw new ConfigError(setting, given, `a class with a method ${method}() that returns the options`);
      return useFactory(factory);
    };
    return { ...provider, useFactory: made };
  };
  return { ...definition, providers: (definition.providers ?? []).map(checked) };
}
