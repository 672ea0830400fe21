/** What the verbs that invalidate may be told. */
import { checkNames, readOption } from './option-reading.js'

/** `sent`: others hear of it soon. `applied`: no process can serve it any more. */
export type Until = 'sent' | 'applied'

export interface InvalidateOptions {
  /** What is waited for. `applied` takes up to 2 s. Default 'sent'. */
  until?: Until | undefined
}

/** `hard`: gone. `soft`: stale, handed out by `getOrSet` while it is refreshed. */
export type InvalidationMode = 'hard' | 'soft'

export interface InvalidateManyOptions extends InvalidateOptions {
  /** Default 'hard'. */
  mode?: InvalidationMode | undefined
}

/** Whether it is soft. Throws OPTION_INVALID. */
export function resolveIsSoft(options: InvalidateManyOptions | undefined, where: string): boolean {
  return options !== undefined && readOption(options, 'mode', where) === 'soft'
}

/** What is to be waited for. Throws OPTION_UNKNOWN or OPTION_INVALID. */
export function resolveUntil(
  options: InvalidateOptions | undefined,
  where: string,
  scope: 'delete' | 'invalidate' = 'delete',
): Until {
  if (options === undefined) return 'sent'
  checkNames(options, scope, where)
  return (readOption(options, 'until', where) as Until | undefined) ?? 'sent'
}
