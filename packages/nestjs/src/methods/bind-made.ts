import { classProvided, isMadeLater, type Wrapper } from '../module/nest-containers.js';
import { bindInstance, type InstanceBinder, isUnbound } from './bound-instances.js';

type Factory = (...args: unknown[]) => unknown;

/**
 * Has instances use the caches of an app that the injector has not made itself: values, and what factories return, which
 * it tells nothing.
 *
 * @param later - what those are told that a factory makes while the app runs
 */
export function bindMade(wrapper: Wrapper, app: InstanceBinder, later: InstanceBinder): void {
  if (classProvided(wrapper) !== undefined) return;
  const bind = <T>(made: T, binder: InstanceBinder): T => {
    if (isUnbound(made)) bindInstance(made, binder);
    return made;
  };
  bind(wrapper.instance, app);
  if (wrapper.isTransient) for (const each of wrapper.getStaticTransientInstances()) bind(each?.instance, app);
  if (!isMadeLater(wrapper)) return;
  const factory = wrapper.metatype as Factory;
  wrapper.metatype = async (...args: unknown[]) => bind(await factory(...args), later);
}
