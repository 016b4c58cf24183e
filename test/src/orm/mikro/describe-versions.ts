import { describe } from '@jest/globals';
import type { Version } from './versions.js';

/** Version 7 needs Node 22.17. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const runs7 = major > 22 || (major === 22 && minor >= 17);

/** Describes each version; one that this Node cannot run is skipped, and its file is among those that may. */
export function describeVersions(name: string, body: (version: Version) => void): void {
  for (const version of ['6', '7'] as const) {
    const which = version === '6' || runs7 ? describe : describe.skip;
    which(name.replace('%s', version), () => body(version));
  }
}
