/** Options of a warm restart, and how they become its settings. */
import { type Duration, type Size, sizeBytes } from '../duration.js'
import { OptionCheck } from '../option-check.js'
import { invalidOption } from '../option-reading.js'

export interface WarmRestartOptions {
  /**
   * Where the snapshot lies, one file for each process; its folder must be there. Default: in the
   * store, one for all processes.
   */
  file?: string | undefined
  /**
   * `'values'`: whole entries. `'names'`: their keys, whose entries are read from the store again.
   * Default 'values'.
   */
  what?: 'values' | 'names' | undefined
  /** What it may take; twice of that while it is replaced. 1 KiB to 1 GiB. Default 8 MiB. */
  maxBytes?: Size | undefined
  /**
   * How often it is taken, if anything has changed, where there is a log or `what` is 'names'; at
   * `close` in any case. 1 s to 1 d. Default 1 minute.
   */
  every?: Duration | undefined
}

export interface WarmRestartSettings {
  /** `undefined`: the store. */
  readonly file: string | undefined
  readonly what: 'values' | 'names'
  readonly maxBytes: number
  readonly everyMs: number
}

const FIELDS = ['file', 'what', 'maxBytes', 'every']
const MAX_PATH_CHARS = 4_096
const MIN_BYTES = 1_024
const MAX_BYTES = 2 ** 30
const DEFAULT_BYTES = 8 * 1_024 ** 2
const MIN_EVERY_MS = 1_000
const MAX_EVERY_MS = 86_400_000
const DEFAULT_EVERY_MS = 60_000

/** Throws OPTION_UNKNOWN or OPTION_INVALID. */
export function resolveWarmRestart(
  options: WarmRestartOptions | undefined,
  above: string,
): WarmRestartSettings | undefined {
  if (options === undefined) return undefined
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalidOption(above, 'warmRestart', options, `{ ${FIELDS.join(', ')} }, all optional`)
  }
  const where = `${above}, warmRestart`
  const check = new OptionCheck(where)
  check.known(options, FIELDS)
  const { file, what, maxBytes, every } = options
  return Object.freeze({
    file: file === undefined ? undefined : path(file, where),
    what: what === undefined ? 'values' : kind(what, where),
    maxBytes: maxBytes === undefined ? DEFAULT_BYTES : bytes(maxBytes, where),
    everyMs: check.duration('every', every, MIN_EVERY_MS, MAX_EVERY_MS) ?? DEFAULT_EVERY_MS,
  })
}

function path(file: unknown, where: string): string {
  const isPath =
    typeof file === 'string' && file !== '' && file.length <= MAX_PATH_CHARS && !file.includes('\0')
  if (isPath) return file
  throw invalidOption(where, 'file', file, `a path of 1 to ${MAX_PATH_CHARS} characters`)
}

function kind(what: unknown, where: string): 'values' | 'names' {
  if (what === 'values' || what === 'names') return what
  throw invalidOption(where, 'what', what, `'values' | 'names'`)
}

function bytes(maxBytes: unknown, where: string): number {
  const size = sizeBytes(maxBytes)
  if (size !== undefined && size >= MIN_BYTES && size <= MAX_BYTES) return Math.floor(size)
  throw invalidOption(where, 'maxBytes', maxBytes, "1kb to 1gb, as bytes or as '512kb', '8mb'")
}
