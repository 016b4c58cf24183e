import { ConfigurableModuleBuilder, type DynamicModule } from '@nestjs/common';
import type { ViewCacheModuleOptions, ViewCacheOptionsFactory } from './module-options.js';

/** What is said of the module itself, where it is imported. */
interface ModuleExtras {
  /**
   * Whether every module of the app may inject the caches; otherwise those that import this one.
   *
   * @defaultValue true
   */
  readonly isGlobal?: boolean;
}

const METHOD = 'forRoot';
/** Of a class that makes the options. */
export const FACTORY_METHOD: keyof ViewCacheOptionsFactory = 'createViewCacheOptions';

export const {
  ConfigurableModuleClass: ConfigurableViewCacheModule,
  MODULE_OPTIONS_TOKEN: MODULE_OPTIONS,
  OPTIONS_TYPE,
  ASYNC_OPTIONS_TYPE,
} = new ConfigurableModuleBuilder<ViewCacheModuleOptions>({ moduleName: 'ViewCache' })
  .setClassMethodName(METHOD)
  .setFactoryMethodName(FACTORY_METHOD)
  .setExtras<ModuleExtras>(
    { isGlobal: true },
    (definition, { isGlobal }): DynamicModule => ({ ...definition, global: isGlobal !== false }),
  )
  .build();
