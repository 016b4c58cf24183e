import type { Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { ConfigError, type EmitterLike } from '@viewcache/core';
import { Observable } from 'rxjs';
import type { EventClass } from './invalidate-on.js';
import { loadPeer } from './load-peer.js';

type Listener = (...told: unknown[]) => void;

/** Who tells of events, and which module provides that. */
const EMITTER = ['EventEmitter2', 'EventEmitterModule.forRoot()'] as const;
const BUS = ['EventBus', 'CqrsModule'] as const;

/** Of `eventemitter2`, which knows more kinds of names than other emitters. */
interface Emitter {
  on(event: string | symbol, listener: Listener): unknown;
  off(event: string | symbol, listener: Listener): unknown;
}

/** An emitter of one event, whatever it is called. */
function emitterOf(subscribe: (listener: Listener) => () => void): EmitterLike {
  const stops = new Map<unknown, () => void>();
  return {
    on<Args extends unknown[]>(_event: string, listener: (...args: Args) => void) {
      stops.set(
        listener,
        subscribe((...told) => listener(...(told as Args))),
      );
    },
    off: (_event, listener) => stops.get(listener)?.(),
  };
}

/** Where an app's events are told, as an emitter of one event. */
export class EventStreams {
  readonly #moduleRef: ModuleRef;

  constructor(moduleRef: ModuleRef) {
    this.#moduleRef = moduleRef;
  }

  /**
   * @param event - its name, or its class
   * @param setting - what wants to hear of it, for errors
   * @throws {@link ConfigError} for what is no event, and where nobody tells of it
   */
  async open(event: unknown, setting: string): Promise<EmitterLike> {
    if (typeof event === 'function') return await this.#ofClass(event as EventClass, setting);
    if (typeof event === 'symbol' || (typeof event === 'string' && event !== ''))
      return await this.#ofName(event, setting);
    throw new ConfigError(setting, event, 'the name of an event, or its class');
  }

  async #ofName(event: string | symbol, setting: string): Promise<EmitterLike> {
    const { EventEmitter2 } = await loadPeer(setting, '@nestjs/event-emitter', () => import('@nestjs/event-emitter'));
    const emitter: Emitter = this.#find(EventEmitter2 as unknown as Type<Emitter>, setting, EMITTER);
    return emitterOf((listener) => {
      emitter.on(event, listener);
      return () => void emitter.off(event, listener);
    });
  }

  async #ofClass(Class: EventClass, setting: string): Promise<EmitterLike> {
    const { EventBus } = await loadPeer(setting, '@nestjs/cqrs', () => import('@nestjs/cqrs'));
    const bus: Observable<unknown> = this.#find(EventBus as unknown as Type<Observable<unknown>>, setting, BUS);
    return emitterOf((listener) => {
      const subscription = bus.subscribe((event) => {
        if (event instanceof Class) listener(event);
      });
      return () => subscription.unsubscribe();
    });
  }

  #find<T>(token: Type<T>, setting: string, [name, module]: readonly [string, string]): T {
    try {
      return this.#moduleRef.get(token, { strict: false });
    } catch {
      const allowed = `it in an app that imports ${module}`;
      throw new ConfigError(setting, name, allowed, undefined, 'is provided by no module');
    }
  }
}
