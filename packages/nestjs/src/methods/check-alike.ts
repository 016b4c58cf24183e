import { INQUIRER, REQUEST } from '@nestjs/core';
import { ConfigError } from '@viewcache/core';
import { asksFor } from '../module/injector-of.js';
import { classProvided, dependenciesOf, directDependenciesOf, type Wrapper } from '../module/nest-containers.js';
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
  const refuse = (problem: string): never => {
    const allowed =
      "'shared' where its results are the same all the same, instanceKey for what they differ by, or 'apart'";
    const setting = `${rule.placeIn(Class)}.instances`;
    throw new ConfigError(setting, undefined, allowed, undefined, problem);
  };
  for (const wrapper of wrappers) {
    const asker = [wrapper, ...dependenciesOf(wrapper)].find((each) => asksFor(REQUEST, each));
    if (asker !== undefined) refuse(`is not enough: ${Class.name} stands on the request, which ${asker.name} is told`);
    if (wrapper.isTransient && asksFor(INQUIRER, wrapper))
      refuse(`is not enough: each ${Class.name} stands on what it is injected into (INQUIRER)`);
  }
  const [first, ...others] = wrappers;
  if (first === undefined || others.every((other) => areAlike(first, other, new Set()))) return;
  const modules = wrappers.map(({ host }) => host?.name ?? '(no module)');
  refuse(
    `is not enough: the app has ${wrappers.length} of ${Class.name}, made of different things (${modules.join(', ')})`,
  );
}

/** Whether two providers are the same, or of one class and made of such as are. */
function areAlike(one: Wrapper, other: Wrapper, passed: Set<Wrapper>): boolean {
  if (one === other || passed.has(one)) return true;
  passed.add(one);
  const Class = classProvided(one);
  if (Class === undefined || Class !== classProvided(other)) {
    const instance: unknown = one.instance;
    return instance !== undefined && Object.is(instance, other.instance);
  }
  const [mine, others] = [directDependenciesOf(one), directDependenciesOf(other)];
  return mine.length === others.length && mine.every((each, i) => areAlike(each, others[i] as Wrapper, passed));
}
