import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { CacheOptions, CacheOptionsFactory } from './module-options.js';

const FACTORY_METHOD: keyof CacheOptionsFactory = 'createCacheOptions';

export const { ConfigurableModuleClass: ConfigurableCacheModule, MODULE_OPTIONS_TOKEN: CACHE_MODULE_OPTIONS } =
  new ConfigurableModuleBuilder<CacheOptions>({ moduleName: 'Cache' }).setFactoryMethodName(FACTORY_METHOD).build();
