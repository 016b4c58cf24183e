import type { Type } from '@nestjs/common';
import type { Handler } from './route-metadata.js';

/**
 * What keeps apart what routes store: two may answer the same URL, by its version or its host. By their names, so that a
 * release which has more of them finds what the last one stored.
 */
export class RouteSpaces {
  readonly #controllers = new Map<string, Type>();

  of(controller: Type, handler: Handler): string {
    const { name } = controller;
    let own = name;
    for (let at = 2; (this.#controllers.get(own) ?? controller) !== controller; at++) own = `${name}~${at}`;
    this.#controllers.set(own, controller);
    return `${own}.${handler.name}`;
  }
}
