import type { HttpAdapterHost } from '@nestjs/core';
import { ConfigError } from '@viewcache/core';
import { expressPlatform } from './express-platform.js';
import { fastifyPlatform } from './fastify-platform.js';
import type { Platform } from './platform.js';

/** The platforms by the types that Nest's adapters have. */
const PLATFORMS: Readonly<Record<string, Platform>> = {
  express: expressPlatform as Platform,
  fastify: fastifyPlatform as Platform,
};

/** The platform of a response. */
export function platformOf(response: object): Platform {
  return ('raw' in response ? fastifyPlatform : expressPlatform) as Platform;
}

/** @throws {@link ConfigError} for an app on any other adapter, or on none */
export function platformOfApp(adapters: HttpAdapterHost): Platform {
  const adapter = adapters.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined;
  const type: unknown = adapter?.getType();
  const platform = typeof type === 'string' && Object.hasOwn(PLATFORMS, type) ? PLATFORMS[type] : undefined;
  if (platform !== undefined) return platform;
  throw new ConfigError('the HTTP adapter', type, `one of type ${Object.keys(PLATFORMS).join(' or ')}`);
}
