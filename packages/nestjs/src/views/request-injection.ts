import type { Type } from '@nestjs/common';
import { type ApplicationConfig, type ModulesContainer, REQUEST } from '@nestjs/core';
import type { Cache } from '@viewcache/core';
import { runtimeOf } from '@viewcache/core/node';

/** What of Nest's own record of a class is asked for; the same in Nest 11 and 12. */
interface Wrapper {
  readonly name: unknown;
  readonly token: unknown;
  readonly subtype?: string | undefined;
  getCtorMetadata(): readonly Wrapper[] | undefined;
  getPropertiesMetadata(): readonly { readonly wrapper: Wrapper }[] | undefined;
  getEnhancersMetadata(): readonly Wrapper[] | undefined;
}

/** Guards run before a view is asked, on hits too; what filters answer is not stored. */
const OUTSIDE: ReadonlySet<unknown> = new Set(['guard', 'filter']);

/**
 * The class that injects the request, among a controller and all that it needs.
 *
 * Such a class is made before a view is asked: what its constructor reads of the request nobody sees, and the response may
 * depend on it.
 */
function whoInjectsRequest(controller: Wrapper, seen: Set<Wrapper> = new Set()): string | undefined {
  if (seen.has(controller)) return undefined;
  seen.add(controller);
  const needed = [
    ...(controller.getCtorMetadata() ?? []),
    ...(controller.getPropertiesMetadata() ?? []).map(({ wrapper }) => wrapper),
    ...(controller.getEnhancersMetadata() ?? []).filter(({ subtype }) => !OUTSIDE.has(subtype)),
  ];
  for (const wrapper of needed) {
    // There is a hole where a parameter is optional, and nobody provides it.
    if (wrapper === undefined || wrapper === null) continue;
    if (wrapper.token === REQUEST) return String(controller.name);
    const found = whoInjectsRequest(wrapper, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What may be done about it, as it is written at a route. */
const ADVICE: Advice = {
  key: '@CacheView({ key: (ctx) => ctx.switchToHttp().getRequest().user?.id })',
  guard: "@CacheView({ inputs: 'guard' })",
};

/** How a key is written, and that what is read is to be watched from the view on. */
export interface Advice {
  readonly key: string;
  readonly guard: string;
}

/** Options by which what a class has read of the request may be covered. */
type Covering = Partial<Record<'key' | 'vary' | 'inputs', unknown>>;

/** The controllers of an app with a class among what they need that injects the request. */
export class RequestInjectors {
  /** The name of the class. */
  readonly #injectors = new Map<Type, string>();
  readonly #told = new Set<Type>();
  readonly #advice: Advice;

  constructor(advice: Advice = ADVICE) {
    this.#advice = advice;
  }

  /** To be called when the app has its global interceptors. */
  find(config: ApplicationConfig, modules: ModulesContainer): void {
    const around = config.getGlobalRequestInterceptors().map((wrapper) => whoInjectsRequest(wrapper));
    const everywhere = around.find((injector) => injector !== undefined);
    for (const module of modules.values()) {
      for (const wrapper of module.controllers.values()) {
        const injector = whoInjectsRequest(wrapper) ?? everywhere;
        if (injector !== undefined) this.#injectors.set(wrapper.metatype as Type, injector);
      }
    }
  }

  /** Whether what a controller answers may be stored; says once that it may not, and why. */
  mayStore(controller: Type, { key, vary, inputs }: Covering, cache: Cache): boolean {
    const injector = this.#injectors.get(controller);
    if (injector === undefined || key !== undefined || vary !== undefined || inputs !== undefined) return true;
    if (this.#told.has(controller)) return false;
    this.#told.add(controller);
    const message = messageOfInjection(controller.name, injector, this.#advice);
    runtimeOf(cache)?.telemetry.emit({ type: 'warning', message });
    return false;
  }
}

/** Says of a controller that nothing of it is stored, and what to do. */
function messageOfInjection(controller: string, injector: string, { key, guard }: Advice): string {
  const who = injector === controller ? 'it' : `${injector}, which it needs,`;
  return [
    `viewcache: what ${controller} answers is not stored: ${who} injects REQUEST, and nobody sees what it reads of it before the cache is asked.`,
    `  if the page differs by what it reads   ${key}`,
    `  if it does not                         ${guard}`,
    '  why: docs/guides/nestjs-views.md#request-scope',
  ].join('\n');
}
