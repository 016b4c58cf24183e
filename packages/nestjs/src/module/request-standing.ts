import { Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { asksFor } from './injector-of.js';
import { dependenciesOf, type Wrapper } from './nest-containers.js';

/** What something that the injector makes has of the request before anybody can see what is read. */
export interface RequestStanding {
  /** The name of the class, or of a factory's token, that has it. */
  readonly name: string;
  /** It is told the request itself; else it is made for each request, and whoever comes first may put something into it. */
  readonly injects: boolean;
}

/**
 * What something has of the request: itself, or in what it is made of, at any depth.
 *
 * @param more - what stands around it, with what these are made of
 */
export function requestStandingOf(wrapper: Wrapper, more: Iterable<Wrapper> = []): RequestStanding | undefined {
  const passed = new Set<Wrapper>();
  const all = [wrapper, ...more].flatMap((each) => [each, ...dependenciesOf(each, passed)]);
  const teller = all.find((each) => asksFor(REQUEST, each));
  // Durable ones are made for a group of visitors, and for no other one.
  const holder = teller ?? all.find(({ scope }) => scope === Scope.REQUEST);
  return holder === undefined ? undefined : { name: String(holder.name), injects: holder === teller };
}
