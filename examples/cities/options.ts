/**
 * What can be set from outside: flags first, then the environment, then a default.
 *
 * Every value is checked against a range before anything starts; the message names the option, the
 * value and the range.
 */
import { parseArgs } from 'node:util'

export interface DemoOptions {
  readonly requests: number
  readonly visitors: number
  readonly seed: number
  /** 0 for any free port. */
  readonly port: number
  /** End after the table instead of serving on. */
  readonly once: boolean
  readonly store: 'auto' | 'memory'
  readonly redisUrl: string | undefined
}

export class UsageError extends Error {}

export const USAGE = `Usage: npm start -- [options]

  --requests <n>   requests of each run, 100 to 200000 (CITIES_REQUESTS, default 40000)
  --visitors <n>   visitors at the same time, 1 to 256 (CITIES_VISITORS, default 16)
  --seed <n>       the visitors' seed, 0 to 4294967295 (CITIES_SEED, default 1)
  --store <which>  auto: Redis if one answers; memory: never (CITIES_STORE, default auto)
  --once           end after the table
  --help           this text

PORT is the port of the web page, 0 to 65535 (default: any free one).
REDIS_URL names the Redis to use (default: 127.0.0.1:6379 if it answers).`

interface NumberRow {
  readonly flag?: 'requests' | 'visitors' | 'seed'
  readonly variable: string
  readonly min: number
  readonly max: number
  readonly fallback: number
}

const NUMBERS = {
  requests: {
    flag: 'requests',
    variable: 'CITIES_REQUESTS',
    min: 100,
    max: 200_000,
    fallback: 40_000,
  },
  visitors: { flag: 'visitors', variable: 'CITIES_VISITORS', min: 1, max: 256, fallback: 16 },
  seed: { flag: 'seed', variable: 'CITIES_SEED', min: 0, max: 2 ** 32 - 1, fallback: 1 },
  port: { variable: 'PORT', min: 0, max: 65_535, fallback: 0 },
} as const satisfies Record<string, NumberRow>

type Environment = Readonly<Record<string, string | undefined>>
type Flags = ReturnType<typeof readFlags>

/** Throws UsageError. `undefined` means that only the usage was asked for. */
export function readOptions(args: readonly string[], env: Environment): DemoOptions | undefined {
  const flags = readFlags(args)
  if (flags.help) return undefined
  return Object.freeze({
    requests: readNumber(NUMBERS.requests, flags, env),
    visitors: readNumber(NUMBERS.visitors, flags, env),
    seed: readNumber(NUMBERS.seed, flags, env),
    port: readNumber(NUMBERS.port, flags, env),
    once: flags.once ?? false,
    store: readStore(flags, env),
    redisUrl: readRedisUrl(env),
  })
}

function readFlags(args: readonly string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const options = {
    requests: text,
    visitors: text,
    seed: text,
    store: text,
    once: flag,
    help: flag,
  }
  try {
    return parseArgs({ args: [...args], options, strict: true }).values
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${USAGE}`)
  }
}

function readNumber(row: NumberRow, flags: Flags, env: Environment): number {
  const given = row.flag === undefined ? undefined : flags[row.flag]
  const text = given ?? env[row.variable]
  if (text === undefined || (given === undefined && text === '')) return row.fallback
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (value >= row.min && value <= row.max) return value
  const name = given === undefined ? row.variable : `--${row.flag}`
  throw new UsageError(`${name} is '${text}'; give a whole number from ${row.min} to ${row.max}`)
}

function readStore(flags: Flags, env: Environment): 'auto' | 'memory' {
  const store = flags.store ?? (env.CITIES_STORE || 'auto')
  if (store === 'auto' || store === 'memory') return store
  const name = flags.store === undefined ? 'CITIES_STORE' : '--store'
  throw new UsageError(`${name} is '${store}'; give auto or memory`)
}

function readRedisUrl(env: Environment): string | undefined {
  const text = env.REDIS_URL
  if (text === undefined || text === '') return undefined
  const protocol = URL.canParse(text) ? new URL(text).protocol : ''
  if (protocol === 'redis:' || protocol === 'rediss:') return text
  // not shown: it may hold a password
  throw new UsageError('REDIS_URL cannot be read; give redis://host:port or rediss://host:port')
}
