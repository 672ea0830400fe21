/** The option `hotKeys`, and how it becomes settings. */
import type { Duration } from './duration.js'
import { OptionCheck } from './option-check.js'
import { invalidOption } from './option-reading.js'

export interface HotKeyOptions {
  /**
   * Keys that have a counter, of all namespaces together: what takes more than this part of all
   * look-ups has one. About 110 bytes each, and the text of its key. 10 to 10 000. Default 1 000.
   */
  capacity?: number | undefined
  /**
   * Each look-up is counted while they are few; of more than 10 in a millisecond one in as many as
   * that takes, at random, but at least one in `sampleEvery`. 1 to 65 536. Default 1 024.
   */
  sampleEvery?: number | undefined
  /** After how long a look-up counts half. 1 s to 1 d. Default 5 minutes. */
  halfLife?: Duration | undefined
}

export interface WatchOptions {
  /**
   * Counts which keys are asked for most, for `hotKeys`, `coldKeys`, `keyFrequency` and
   * `keyTraffic`. Default false.
   */
  hotKeys?: boolean | HotKeyOptions | undefined
}

export interface HotKeySettings {
  readonly capacity: number
  readonly sampleEvery: number
  readonly halfLifeMs: number
}

const FIELDS = ['capacity', 'sampleEvery', 'halfLife']
const MIN_CAPACITY = 10
const MAX_CAPACITY = 10_000
const DEFAULT_CAPACITY = 1_000
const MAX_SAMPLE_EVERY = 65_536
const DEFAULT_SAMPLE_EVERY = 1_024
const MIN_HALF_LIFE_MS = 1_000
const MAX_HALF_LIFE_MS = 86_400_000
const DEFAULT_HALF_LIFE_MS = 300_000

/** `undefined` where it is off. Throws OPTION_UNKNOWN or OPTION_INVALID. */
export function resolveHotKeys({ hotKeys }: WatchOptions): HotKeySettings | undefined {
  if (hotKeys === undefined || hotKeys === false) return undefined
  const given = hotKeys === true ? {} : hotKeys
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalidOption('createCache', 'hotKeys', given, `true | false | { ${FIELDS.join(', ')} }`)
  }
  const check = new OptionCheck('createCache, hotKeys')
  check.known(given, FIELDS)
  const { capacity, sampleEvery, halfLife } = given
  return Object.freeze({
    capacity: check.whole('capacity', capacity, MIN_CAPACITY, MAX_CAPACITY) ?? DEFAULT_CAPACITY,
    sampleEvery:
      check.whole('sampleEvery', sampleEvery, 1, MAX_SAMPLE_EVERY) ?? DEFAULT_SAMPLE_EVERY,
    halfLifeMs:
      check.duration('halfLife', halfLife, MIN_HALF_LIFE_MS, MAX_HALF_LIFE_MS) ??
      DEFAULT_HALF_LIFE_MS,
  })
}
