/** Lives of entries by name. */
import { readEnvironment } from '../../index.js'

/** Seconds, as CACHE_TTL_DEFAULT, _SHORT, _MEDIUM and _LONG say. Throws ENVIRONMENT_INVALID. */
export const cacheTTL = {
  get default(): number {
    return seconds('CACHE_TTL_DEFAULT', 3_600)
  },
  get short(): number {
    return seconds('CACHE_TTL_SHORT', 300)
  },
  get medium(): number {
    return seconds('CACHE_TTL_MEDIUM', 1_800)
  },
  get long(): number {
    return seconds('CACHE_TTL_LONG', 7_200)
  },
}

function seconds(name: string, byDefault: number): number {
  return (readEnvironment()[name] as number | undefined) ?? byDefault
}
