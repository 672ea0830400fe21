/** Options of the memory tier, and how they become its settings. */
import { autoMaxBytes } from './auto-max-bytes.js'
import type { MemoryBounds, MemoryShare } from './contracts.js'
import type { Size } from './duration.js'
import type { EvictionPolicyFactory, EvictionPolicyName } from './eviction-policy.js'
import { checkKnown, checkNames, invalidOption, readOption } from './option-reading.js'
import {
  resolveWarmRestart,
  type WarmRestartOptions,
  type WarmRestartSettings,
} from './warm-restart/warm-restart-options.js'

export interface MemoryOptions {
  /**
   * Estimated bytes of keys and values. 1 KiB to 1 TiB, or 'auto': an eighth of the container's or
   * machine's memory, at most a quarter of V8's heap. Default 64 MiB.
   */
  maxBytes?: Size | 'auto' | undefined
  /** 1 to 16 777 216. Default 50 000. */
  maxEntries?: number | undefined
  /**
   * How values are handed out: one frozen copy, a copy each, or the caller's own. Default 'frozen'.
   */
  values?: 'frozen' | 'cloned' | 'shared' | undefined
  /**
   * Who leaves when a bound is reached: 'adaptive', 'lru', 'lfu', 'fifo', or a policy of your own.
   * Default 'adaptive'.
   */
  policy?: EvictionPolicyName | EvictionPolicyFactory | undefined
  /**
   * Bytes of a value, 0 or more; those of its key and of the entry itself are added. What is no
   * such number, or a throw, counts as not said. Default: estimated.
   */
  weigh?: ((value: unknown, key: string) => number) | undefined
  /** What is hot goes into a snapshot, from which the next process starts. Default none. */
  warmRestart?: WarmRestartOptions | undefined
}

export interface MemorySettings extends MemoryBounds {
  readonly values: 'frozen' | 'cloned' | 'shared'
  readonly policy: EvictionPolicyName | EvictionPolicyFactory
  readonly weigh: ((value: unknown, key: string) => number) | undefined
  readonly warmRestart: WarmRestartSettings | undefined
}

const DEFAULTS: MemoryBounds = { maxBytes: 64 * 1_024 ** 2, maxEntries: 50_000 }
const POLICIES: readonly unknown[] = ['adaptive', 'lru', 'lfu', 'fifo']

/** The settings of the memory tier, `undefined` where it is switched off. */
export function resolveMemoryOptions(
  memory: MemoryOptions | false | undefined,
): MemorySettings | undefined {
  if (memory === false) return undefined
  if (memory === null) {
    throw invalidOption('createCache', 'memory', memory, 'options of the memory tier, or false')
  }
  const options = memory ?? {}
  const where = 'createCache, memory'
  checkNames(options, 'memory', where)
  return Object.freeze({
    ...DEFAULTS,
    ...resolveBounds(options, where),
    values:
      (readOption(options, 'values', where) as MemorySettings['values'] | undefined) ?? 'frozen',
    policy: resolvePolicyOf(options, where),
    weigh: resolveWeigh(options, where),
    warmRestart: resolveWarmRestart(options.warmRestart, where),
  })
}

/** The bounds that are given. Throws OPTION_UNKNOWN or OPTION_INVALID. */
export function resolveBounds(
  options: Pick<MemoryOptions, 'maxBytes' | 'maxEntries'>,
  where: string,
): Partial<MemoryBounds> {
  const maxBytes =
    options.maxBytes === 'auto'
      ? autoMaxBytes()
      : (readOption(options, 'maxBytes', where) as number | undefined)
  const maxEntries = readOption(options, 'maxEntries', where) as number | undefined
  return {
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(maxEntries === undefined ? {} : { maxEntries }),
  }
}

const SHARE_RANGE = '{ min, max }: parts of both bounds, 0 ≤ min ≤ max ≤ 1, max above 0'

/** What a namespace may have of memory; `undefined` where nothing is said. */
export function resolveMemoryShare(
  share: Partial<MemoryShare> | undefined,
  where: string,
): MemoryShare | undefined {
  if (share === undefined) return undefined
  if (typeof share !== 'object' || share === null) {
    throw invalidOption(where, 'memoryShare', share, SHARE_RANGE)
  }
  checkKnown(share, ['min', 'max'], `${where}, memoryShare`)
  const { min = 0, max = 1 } = share
  const isPart = (part: unknown) => typeof part === 'number' && part >= 0 && part <= 1
  if (!isPart(min) || !isPart(max) || min > max || max === 0) {
    throw invalidOption(where, 'memoryShare', `{ min: ${min}, max: ${max} }`, SHARE_RANGE)
  }
  return Object.freeze({ min, max })
}

function resolvePolicyOf({ policy }: MemoryOptions, where: string): MemorySettings['policy'] {
  if (policy === undefined) return 'adaptive'
  if (typeof policy === 'function' || POLICIES.includes(policy)) return policy
  const allowed = `'adaptive' | 'lru' | 'lfu' | 'fifo', or a function that makes a policy`
  throw invalidOption(where, 'policy', policy, allowed)
}

function resolveWeigh({ weigh }: MemoryOptions, where: string): MemorySettings['weigh'] {
  if (weigh === undefined || typeof weigh === 'function') return weigh
  throw invalidOption(where, 'weigh', weigh, 'a function that gives the bytes of a value')
}
