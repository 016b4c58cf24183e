import { Scope } from '@nestjs/common';
import { INQUIRER, ModuleRef } from '@nestjs/core';
import { ConfigError } from '@viewcache/core';
import { asksFor, scopeOf, tokensOf } from '../module/injector-of.js';
import { classProvided, dependenciesOf, dependencyPlacesOf, type Wrapper } from '../module/nest-containers.js';
import { requestStandingOf } from '../module/request-standing.js';
import { APP_SLOT } from './bound-instances.js';
import type { AnyClass, MethodRule } from './method-rule.js';

/**
 * Refuses to guess that the instances of a class have the same results where they stand on different things: on who asks,
 * or on what another module has configured.
 *
 * @param rule - the method of which nobody has said
 * @param wrappers - wherever the app provides the class
 * @throws {@link ConfigError} that names class and method
 */
export function checkAlike(Class: AnyClass, rule: MethodRule, wrappers: readonly Wrapper[]): void {
  const refuse = (problem: string): never => refuseUndecided(Class, rule, problem);
  for (const wrapper of wrappers) {
    const standing = requestStandingOf(wrapper);
    if (standing?.injects === true) refuse(`${Class.name} stands on the request, which ${standing.name} is told`);
    if (standing !== undefined)
      refuse(`${Class.name} stands on the request: ${standing.name} is made for each (Scope.REQUEST)`);
    if (standsOnInquirer(wrapper)) refuse(`each ${Class.name} stands on what it is injected into (INQUIRER)`);
  }
  const [first, ...others] = wrappers;
  if (first === undefined || others.every((other) => areAlike(first, other, new Set()))) return;
  const modules = wrappers.map(({ host }) => host?.name ?? '(no module)');
  refuse(`the app has ${wrappers.length} of ${Class.name}, made of different things (${modules.join(', ')})`);
}

/** @throws {@link ConfigError} that says what to do, and of which method */
export function refuseUndecided(Class: AnyClass, rule: MethodRule, problem: string): never {
  const allowed =
    "'shared' where its results are the same all the same, instanceKey for what they differ by, or 'apart'";
  const setting = `${rule.placeIn(Class)}.instances`;
  throw new ConfigError(setting, undefined, allowed, undefined, `is not enough: ${problem}`);
}

/**
 * Whether a class is made of the same things whichever module has it made, and for whichever request: where the modules have
 * more than one for what it asks for, these are alike.
 *
 * @param wrapper - one place where the app provides it, of which is known that it stands on no request
 * @param all - all that the modules make
 */
export function isMadeAlikeAnywhere(Class: AnyClass, wrapper: Wrapper, all: readonly Wrapper[]): boolean {
  if (classProvided(wrapper) !== Class) return false;
  const places = dependencyPlacesOf(wrapper);
  return [...tokensOf(Class)].every(([place, asked]) => {
    const mine = places.get(place);
    const token = mine?.token ?? asked;
    const others = all.filter((each) => each.token === token);
    // What nobody provides is optional; what is not among these, such as the inquirer, is told each one anew.
    if (mine === undefined) return token !== INQUIRER && others.length === 0;
    return others.length > 0 && others.every((other) => areAlike(mine, other, new Set()));
  });
}

/** Whether a class asks for nothing but its app, so that there is nothing in which its instances could differ. */
export function isMadeOfNothing(Class: AnyClass): boolean {
  const tokens = tokensOf(Class);
  const app = tokens.get(APP_SLOT);
  return scopeOf(Class) !== Scope.REQUEST && [...tokens.values()].every((token) => token === app);
}

/** Whether something asks for what it is injected into: a transient one beneath another one is told the outermost. */
function standsOnInquirer(wrapper: Wrapper): boolean {
  if (!wrapper.isTransient) return false;
  return [wrapper, ...dependenciesOf(wrapper)].some((each) => each.isTransient && asksFor(INQUIRER, each));
}

/** Whether two providers are the same, or of one class and made of such as are. */
function areAlike(one: Wrapper, other: Wrapper, passed: Set<Wrapper>): boolean {
  if (one === other || passed.has(one)) return true;
  passed.add(one);
  const Class = classProvided(one);
  if (Class === undefined || Class !== classProvided(other)) {
    const instance: unknown = one.instance;
    return instance !== undefined && instance !== null && Object.is(instance, other.instance);
  }
  // It is asked for whatever its module has, and each has its own.
  if (one.token === ModuleRef) return false;
  const [mine, others] = [dependencyPlacesOf(one), dependencyPlacesOf(other)];
  return (
    mine.size === others.size &&
    [...mine].every(([place, each]) => {
      const its = others.get(place);
      return its !== undefined && areAlike(each, its, passed);
    })
  );
}
