import { ConfigurableModuleBuilder, type InjectionToken } from '@nestjs/common';
import type { CacheOptions, CacheOptionsFactory } from './module-options.js';

const FACTORY_METHOD: keyof CacheOptionsFactory = 'createCacheOptions';

const definition = new ConfigurableModuleBuilder<CacheOptions>({ moduleName: 'Cache' })
  .setFactoryMethodName(FACTORY_METHOD)
  .build();

export const { ConfigurableModuleClass: ConfigurableCacheModule } = definition;

/** The token of the options that a module was registered with. */
export const CACHE_MODULE_OPTIONS: InjectionToken = definition.MODULE_OPTIONS_TOKEN;
