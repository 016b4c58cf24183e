import { Scope } from '@nestjs/common';
import { classProvided, type Wrapper } from '../module/nest-containers.js';
import { bindInstance, type InstanceBinder, isUnbound } from './bound-instances.js';

type Factory = (...args: unknown[]) => unknown;

/**
 * Has instances use the caches of an app that the injector has not made itself: values, and what factories return, which
 * it tells nothing.
 */
export function bindMade(wrapper: Wrapper, app: InstanceBinder): void {
  if (classProvided(wrapper) !== undefined) return;
  const bind = <T>(made: T): T => {
    if (isUnbound(made)) bindInstance(made, app);
    return made;
  };
  bind(wrapper.instance);
  if (wrapper.isTransient) for (const each of wrapper.getStaticTransientInstances()) bind(each?.instance);
  if (!isMadeLater(wrapper)) return;
  const factory = wrapper.metatype as Factory;
  wrapper.metatype = async (...args: unknown[]) => bind(await factory(...args));
}

/** Whether a factory is called while the app runs. */
function isMadeLater(wrapper: Wrapper): boolean {
  if (!wrapper.isFactory || wrapper.isAlias) return false;
  return wrapper.scope === Scope.TRANSIENT || !wrapper.isDependencyTreeStatic();
}
