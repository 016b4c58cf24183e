/**
 * The versions of a library to run all scenarios with: each of them in the soak, and otherwise the newest alone. By the older ones
 * writes go the same way; whatever else is tested of a library is tested of each version, always.
 */
export function mostlyNewest<Version extends string>(versions: Readonly<Record<Version, unknown>>): Version[] {
  const names = Object.keys(versions) as Version[];
  names.sort((one, other) => Number(other) - Number(one));
  return process.env['VIEWCACHE_SOAK'] === undefined ? names.slice(0, 1) : names;
}
