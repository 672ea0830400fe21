/** The rows of options that only calls take: a part of option-table.ts. */
import type { OptionRow } from './option-row.js'

export const CALL_OPTIONS: readonly OptionRow[] = [
  {
    name: 'fresh',
    kind: 'flag',
    scopes: ['call'],
    default: 'false',
    says: 'load now, whatever is cached',
  },
  {
    name: 'dependsOn',
    kind: 'other',
    scopes: ['call', 'set'],
    default: '[]',
    says: 'keys whose invalidation makes this entry out of date as well',
  },
  {
    name: 'after',
    kind: 'other',
    scopes: ['call', 'get'],
    default: 'none',
    says: 'the token of an invalidation: nothing older than that is handed out',
  },
  {
    name: 'until',
    kind: 'choice',
    scopes: ['delete', 'invalidate'],
    choices: ['sent', 'applied'],
    default: 'sent',
    says: 'when to resolve: once others hear of it soon, or once no process can serve it any more',
  },
  {
    name: 'mode',
    kind: 'choice',
    scopes: ['invalidate'],
    choices: ['hard', 'soft'],
    default: 'hard',
    says: 'whether it is gone, or stale and handed out while it is refreshed',
  },
  {
    name: 'signal',
    kind: 'other',
    scopes: ['call', 'get'],
    default: 'none',
    says: 'an AbortSignal that ends the wait of this caller',
  },
]
