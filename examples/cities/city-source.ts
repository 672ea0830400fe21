/**
 * The four questions that visitors ask, answered by PostgreSQL.
 *
 * Every answer is in a fixed order down to the last tie, so that two runs can be compared byte by
 * byte. Arguments have been validated by the API. One to two queries each.
 */
import type { Database, Query } from './database.js'

export interface CityPage {
  readonly id: number
  readonly name: string
  readonly country: string
  readonly kind: string
  readonly population: number
  readonly lat: number
  readonly lon: number
  /** Place among the country's cities by population, from 1. */
  readonly rank: number
  /** Part of the country's city population, in per cent. */
  readonly sharePercent: number
  /** Other cities within 50 km. */
  readonly neighbours: { readonly count: number; readonly people: number }
}

export interface RankedCity {
  readonly id: number
  readonly name: string
  readonly population: number
  readonly rank: number
  readonly sharePercent: number
}

export interface SearchResult {
  readonly matches: number
  readonly cities: readonly {
    readonly id: number
    readonly name: string
    readonly country: string
    readonly population: number
  }[]
}

export interface NearCity {
  readonly id: number
  readonly name: string
  readonly country: string
  readonly population: number
  readonly distanceKm: number
}

export interface CitySource {
  /** `null` if there is no such city. */
  city(id: number): Promise<CityPage | null>
  /** The `limit` biggest; empty if there is no such country. */
  biggest(country: string, limit: number): Promise<readonly RankedCity[]>
  /** The 10 biggest whose plain name begins with `prefix`, and how many there are. */
  search(prefix: string): Promise<SearchResult>
  /** The 10 nearest within 100 km. */
  nearest(lat: number, lon: number): Promise<readonly NearCity[]>
}

const NEIGHBOUR_KM = 50
const NEAREST_KM = 100
const KM_PER_DEGREE = 111.19

/** Inside a box of $3 × $4 degrees around ($1, $2), across the date line too. */
const IN_BOX = `
  lat BETWEEN $1 - $3::float8 AND $1 + $3::float8
  AND (abs(lon - $2) <= $4 OR abs(lon - $2) >= 360 - $4::float8)`

const CITY: Query = {
  name: 'city',
  text: `
    SELECT id, name, country, kind, population, lat, lon,
      (SELECT count(*)::int + 1 FROM city other
        WHERE other.country = city.country AND other.population > city.population) AS rank,
      (SELECT round(100.0 * city.population / greatest(sum(other.population), 1), 3)::float8
        FROM city other WHERE other.country = city.country) AS "sharePercent"
    FROM city WHERE id = $1`,
}

const NEIGHBOURS: Query = {
  name: 'neighbours',
  text: `
    SELECT count(*)::int AS count, coalesce(sum(population), 0)::float8 AS people
    FROM city
    WHERE ${IN_BOX} AND id <> $5 AND distance_km($1, $2, lat, lon) <= ${NEIGHBOUR_KM}`,
}

const BIGGEST: Query = {
  name: 'biggest',
  text: `
    SELECT id, name, population, (rank() OVER (ORDER BY population DESC))::int AS rank,
      round(100.0 * population / greatest(sum(population) OVER (), 1), 3)::float8 AS "sharePercent"
    FROM city WHERE country = $1
    ORDER BY population DESC, id LIMIT $2`,
}

const SEARCH: Query = {
  name: 'search',
  text: `
    SELECT id, name, country, population, (count(*) OVER ())::int AS matches
    FROM city WHERE plain_name >= $1 AND plain_name < $2
    ORDER BY population DESC, id LIMIT 10`,
}

const NEAREST: Query = {
  name: 'nearest',
  text: `
    SELECT id, name, country, population, round(km::numeric, 1)::float8 AS "distanceKm"
    FROM (SELECT *, distance_km($1, $2, lat, lon) AS km FROM city WHERE ${IN_BOX}) AS near
    WHERE km <= ${NEAREST_KM}
    ORDER BY km, id LIMIT 10`,
}

type CityRow = Omit<CityPage, 'neighbours'>

export function citySource(database: Database): CitySource {
  return {
    async city(id) {
      const [city] = await database.rows<CityRow>(CITY, [id])
      if (city === undefined) return null
      const values = [...box(city.lat, city.lon, NEIGHBOUR_KM), id]
      const [neighbours] = await database.rows<CityPage['neighbours']>(NEIGHBOURS, values)
      return { ...city, neighbours: neighbours! }
    },
    biggest: (country, limit) => database.rows<RankedCity>(BIGGEST, [country, limit]),
    async search(prefix) {
      // nothing that begins with `prefix` sorts behind it with the last code point appended
      const found = await database.rows<FoundCity>(SEARCH, [prefix, `${prefix}\u{10ffff}`])
      const cities = found.map(({ matches: _, ...city }) => city)
      return { matches: found[0]?.matches ?? 0, cities }
    },
    nearest: (lat, lon) => database.rows<NearCity>(NEAREST, box(lat, lon, NEAREST_KM)),
  }
}

type FoundCity = SearchResult['cities'][number] & { readonly matches: number }

/** The values of IN_BOX. Towards the poles a degree of longitude shrinks to nothing. */
function box(lat: number, lon: number, radiusKm: number): number[] {
  const latSpan = radiusKm / KM_PER_DEGREE
  const widest = Math.min(90, Math.abs(lat) + latSpan)
  const lonSpan = Math.min(180, latSpan / Math.max(Math.cos((widest * Math.PI) / 180), 1e-9))
  return [lat, lon, latSpan, lonSpan]
}
