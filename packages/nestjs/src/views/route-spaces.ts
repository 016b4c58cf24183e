import { createHash } from 'node:crypto';
import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { type Cache, ConfigError } from '@viewcache/core';
import { type Handler, noted, OF_NEST } from './route-metadata.js';
import { methodsOf } from './routes-of.js';

interface Route {
  readonly controller: Type;
  readonly handler: Handler;
}

interface RouteOfApp extends Route {
  /** The same controller may be given other providers in another app. */
  readonly app: string;
}

/** Of each cache, the routes that are called the same, of all apps that have it: kept apart as long as this process lives. */
const namesakes = new WeakMap<Cache, Map<string, RouteOfApp[]>>();

/** Of each cache whose store others read, whose the routes are: by what they are called, the app that is running. */
const owners = new WeakMap<Cache, Map<string, string>>();

/** A route in such a store. */
interface Shared {
  readonly cache: Cache;
  readonly own: string;
  /** For errors. */
  readonly where: string;
  readonly name: string;
}

/**
 * What keeps apart what routes store: two may answer the same URL, by its version or its host. By what Nest tells them
 * apart by, and nothing of where they stand in their app: so a release that has more of them, or has them in another order,
 * finds what the last one stored, and nothing else.
 */
export class RouteSpaces {
  readonly #modules: ModulesContainer;
  readonly #inStore = new Map<string, Route>();
  readonly #shared: Shared[] = [];

  constructor(modules: ModulesContainer) {
    this.#modules = modules;
  }

  /**
   * @param where - the route, for errors
   * @throws {@link ConfigError} for a second route that is the same in all that other processes know it by, in this app
   * or in another one that has the same cache
   */
  of(cache: Cache, { controller, handler }: Route, where: string): string {
    const key = methodsOf(controller).find(([, method]) => method === handler)?.[0] ?? handler.name;
    const own = `${controller.name}.${key}.${this.#digest(controller, handler)}`;
    const app = this.#modules.applicationId;
    const isSame = (it: Route) => it.controller === controller && it.handler === handler;
    if (cache.health().shared !== undefined) {
      const first = this.#inStore.get(own) ?? { controller, handler };
      this.#inStore.set(own, first);
      if (isSame(first)) {
        const shared = { cache, own, where, name: `${controller.name}.${key}` };
        this.#refuseOther(shared);
        this.#shared.push(shared);
        return own;
      }
      const allowed =
        'a class, a method, a path, a version or a host of its own: others read what is stored by these alone';
      throw new ConfigError(`${where}: the route`, `${controller.name}.${key}`, allowed, undefined, 'is there twice');
    }
    const known = namesakes.get(cache) ?? new Map<string, RouteOfApp[]>();
    namesakes.set(cache, known);
    const routes = known.get(own) ?? [];
    known.set(own, routes);
    const at = routes.findIndex((it) => it.app === app && isSame(it));
    const number = at < 0 ? routes.push({ app, controller, handler }) : at + 1;
    return number === 1 ? own : `${own}~${number}`;
  }

  /**
   * To be called when the app has started: one that has failed to keeps nobody from its routes.
   *
   * @throws {@link ConfigError} where another one has started meanwhile that has the same
   */
  begin(): void {
    for (const shared of this.#shared) this.#refuseOther(shared);
    for (const { cache, own } of this.#shared) {
      const routes = owners.get(cache) ?? new Map<string, string>();
      owners.set(cache, routes);
      routes.set(own, this.#modules.applicationId);
    }
  }

  /** To be called when the app has closed: the next one reads what it has stored. */
  end(): void {
    for (const { cache, own } of this.#shared.splice(0))
      if (owners.get(cache)?.get(own) === this.#modules.applicationId) owners.get(cache)?.delete(own);
  }

  #refuseOther({ cache, own, where, name }: Shared): void {
    const owner = owners.get(cache)?.get(own);
    if (owner === undefined || owner === this.#modules.applicationId) return;
    const allowed = 'a cache for each app, with a namespace of its own where they mean different pages';
    const problem = 'is that of another app in this process, too, which has the same cache and has not closed';
    throw new ConfigError(`${where}: the route`, name, allowed, undefined, problem);
  }

  #digest(controller: Type, handler: Handler): string {
    const { path, version, host } = OF_NEST;
    const said = [
      this.#prefixesOf(controller),
      ...[path, version, host].map((name) => noted(name, controller)),
      ...[path, version].map((name) => noted(name, handler)),
    ];
    // A version may be a symbol, and a host an expression.
    const text = JSON.stringify(said, (_name, value: unknown) =>
      typeof value === 'symbol' || value instanceof RegExp ? String(value) : value,
    );
    return createHash('sha256').update(text).digest('base64url').slice(0, 8);
  }

  /** Of the modules that have the controller, as `RouterModule` has been told. */
  #prefixesOf(controller: Type): readonly unknown[] {
    const prefixes: unknown[] = [];
    for (const { controllers, metatype } of this.#modules.values()) {
      if (![...controllers.values()].some((it) => it.metatype === controller)) continue;
      const { modulePath } = OF_NEST;
      prefixes.push(noted(modulePath + this.#modules.applicationId, metatype) ?? noted(modulePath, metatype) ?? null);
    }
    return prefixes.sort();
  }
}
