/**
 * What a visitor does: opens a city, and often a little more around it.
 *
 * A visit is a few paths in the order in which a person would ask for them. The sequence depends on
 * the seed alone, so that every run of the demo, with or without a cache, gets the same one.
 */
import type { City } from './cities.js'
import { proportionalSampler, type Random, seededRandom } from './demand.js'

const TYPES_A_SEARCH = 0.3
const ASKS_FOR_COUNTRY = 0.35
const LOOKS_AROUND = 0.25

/** Visits without end; each is a list of 1 to 4 paths. */
export function* visits(cities: readonly City[], seed: number): Generator<readonly string[]> {
  const random = seededRandom(seed)
  const draw = proportionalSampler(cities.map((city) => city.population))
  for (;;) yield visitTo(cities[draw(random)]!, random)
}

/** The first `count` paths of the visits, the last visit cut short where needed. */
export function planVisits(cities: readonly City[], seed: number, count: number): string[][] {
  const plan: string[][] = []
  let open = count
  for (const visit of visits(cities, seed)) {
    plan.push(visit.slice(0, open))
    open -= visit.length
    if (open <= 0) break
  }
  return plan
}

function visitTo(city: City, random: Random): string[] {
  const paths: string[] = []
  if (random() < TYPES_A_SEARCH) {
    const typed = city.plain.slice(0, 2 + Math.floor(random() * 4))
    if (typed.trim().length >= 2) paths.push(`/search?q=${encodeURIComponent(typed)}`)
  }
  paths.push(`/cities/${city.id}`)
  if (random() < ASKS_FOR_COUNTRY) paths.push(`/countries/${city.country}/biggest?limit=10`)
  if (random() < LOOKS_AROUND) {
    paths.push(`/nearest?lat=${city.latitude.toFixed(2)}&lon=${city.longitude.toFixed(2)}`)
  }
  return paths
}
