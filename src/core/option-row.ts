/** What a row of the table of options says. */
/** `call` is `getOrSet` and its kin; `get` and `set` take less. */
export type OptionScope =
  | 'cache'
  | 'memory'
  | 'namespace'
  | 'call'
  | 'get'
  | 'set'
  | 'delete'
  | 'invalidate'
export type OptionKind =
  | 'duration'
  | 'size'
  | 'count'
  | 'ratio'
  | 'choice'
  | 'flag'
  | 'text'
  | 'other'

/** What of a row reading a value takes; `says` where the kind alone does not say the range. */
export type OptionRange = Omit<OptionRow, 'scopes' | 'default' | 'says'> &
  Partial<Pick<OptionRow, 'says'>>

export interface OptionRow {
  readonly name: string
  readonly kind: OptionKind
  readonly scopes: readonly OptionScope[]
  /** Inclusive; milliseconds for a duration, bytes for a size. */
  readonly min?: number
  readonly max?: number
  /** `Infinity` is a value of its own, outside of min and max. */
  readonly infinite?: boolean
  readonly choices?: readonly string[]
  /** What a person would write; docs show it. */
  readonly default: string
  readonly says: string
}
