import { expressPlatform } from './express-platform.js';
import { fastifyPlatform } from './fastify-platform.js';
import type { Platform } from './platform.js';

/** The platforms by the types that Nest's adapters have. */
export const PLATFORMS: Readonly<Record<string, Platform>> = {
  express: expressPlatform as Platform,
  fastify: fastifyPlatform as Platform,
};

/** The platform of a response. */
export function platformOf(response: object): Platform {
  return ('raw' in response ? fastifyPlatform : expressPlatform) as Platform;
}
