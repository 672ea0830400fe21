/** The environment as options, for `createCache()` and for those who change some of them. */
import type { CacheOptions } from './core/options.js'
import { cacheOptionsFrom, readEnvironment } from './environment.js'
import { chooseStore } from './store-choice.js'

/**
 * The options that the environment stands for, `createCache()` has the same. Reads nothing but
 * `variables` (default: `process.env`). Throws ENVIRONMENT_INVALID, naming the variable, its value
 * and its range.
 */
export function environmentOptions(
  variables: Readonly<Record<string, string | undefined>> = process.env,
): CacheOptions {
  const environment = readEnvironment(variables)
  return cacheOptionsFrom(environment, chooseStore(environment))
}

/** As above, saying once what was chosen and why, where a choice was asked for. */
export function announcedOptions(): CacheOptions {
  const environment = readEnvironment(process.env)
  const choice = chooseStore(environment)
  if (environment.CACHE_ADAPTER !== undefined) {
    process.stderr.write(`cachewright: the store is ${choice.adapter} (${choice.reason})\n`)
  }
  return cacheOptionsFrom(environment, choice)
}
