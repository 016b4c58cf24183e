import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import type { Cache } from '@viewcache/core';
import { runtimeOf } from '@viewcache/core/node';
import type { Wrapper } from '../module/nest-containers.js';
import { type RequestStanding, requestStandingOf } from '../module/request-standing.js';
import type { CacheViewOptions } from './cache-view-options.js';
import { isObserver } from './observer.js';

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

/** Whether what a controller answers may be stored; `keyed`: only where its key has said something. */
export type Storing = 'always' | 'keyed' | 'never';

/**
 * The controllers of an app that have something of the request before a view is asked: a class among what they need injects
 * it, or is made for each request. Nobody sees what the former reads as it is made, nor what guards and middleware put into
 * the latter, and the response may depend on it.
 */
export class RequestInjectors {
  readonly #standings = new Map<Type, RequestStanding>();
  readonly #told = new Set<Type>();
  readonly #advice: Advice;

  constructor(advice: Advice = ADVICE) {
    this.#advice = advice;
  }

  /** To be called when the modules are wired. */
  find(modules: ModulesContainer): void {
    for (const module of modules.values()) {
      for (const wrapper of module.controllers.values()) {
        // Those of the app that are made for each request are among a controller's own.
        const around: readonly Wrapper[] = wrapper.getEnhancersMetadata() ?? [];
        const standing = requestStandingOf(
          wrapper,
          around.filter((each) => !isOutside(each)),
        );
        if (standing !== undefined) this.#standings.set(wrapper.metatype as Type, standing);
      }
    }
  }

  /**
   * Whether what a controller answers may be stored; says once that it may not, and why.
   *
   * @param said - by the handler or the controller: what is said of all controllers is said of none in particular
   */
  storing(controller: Type, said: CacheViewOptions | undefined, cache: Cache): Storing {
    const standing = this.#standings.get(controller);
    const { key, vary = [], inputs } = said ?? {};
    // An object says something of single inputs, and nothing of what was read before.
    const isLetBe = typeof inputs === 'string' && inputs !== 'refuse';
    if (standing === undefined || vary.length > 0 || isLetBe) return 'always';
    if (key !== undefined) return 'keyed';
    if (this.#told.has(controller)) return 'never';
    this.#told.add(controller);
    const message = messageOfStanding(controller.name, standing, this.#advice);
    runtimeOf(cache)?.telemetry.emit({ type: 'warning', message });
    return 'never';
  }
}

/** Guards run before a view is asked, on hits too; one that observes shapes nothing. */
function isOutside({ subtype, metatype }: Wrapper): boolean {
  if (typeof metatype !== 'function') return false;
  if (isObserver(metatype)) return true;
  const { intercept, transform, catch: handle } = (metatype.prototype ?? {}) as Readonly<Record<string, unknown>>;
  // One class may be several of them, of which Nest has noted the first.
  return subtype === 'guard' && intercept === undefined && transform === undefined && handle === undefined;
}

/** Says of a controller that nothing of it is stored, and what to do. */
function messageOfStanding(controller: string, { name, injects }: RequestStanding, { key, guard }: Advice): string {
  const who = name === controller ? 'it' : `${name}, which it needs,`;
  const why = injects
    ? 'injects REQUEST, and nobody sees what it reads of it before the cache is asked.'
    : 'is request-scoped, and nobody sees what it is told of the request before the cache is asked.';
  return [
    `viewcache: what ${controller} answers is not stored: ${who} ${why}`,
    `  if the page differs by what it ${injects ? 'reads' : 'holds'}   ${key}`,
    `  if it does not                         ${guard}`,
    '  why: docs/guides/nestjs-views.md#request-scope',
  ].join('\n');
}
