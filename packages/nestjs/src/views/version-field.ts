import { VersioningType } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';

/**
 * The request field by which Nest tells the versions of a URL apart; `undefined` where it does not go by a field, or goes
 * by one that only the app knows.
 *
 * @param own - the version of the route, if decorators name one
 */
export function versionFieldOf(config: ApplicationConfig, own: unknown): string | undefined {
  const versioning = config.getVersioning();
  if (versioning === undefined || (own ?? versioning.defaultVersion) === undefined) return undefined;
  if (versioning.type === VersioningType.HEADER) return versioning.header;
  return versioning.type === VersioningType.MEDIA_TYPE ? 'Accept' : undefined;
}
