/** The rows of option-table.ts for the tier in the process. */
import type { OptionRow } from './option-row.js'

export const MEMORY_OPTIONS: readonly OptionRow[] = [
  {
    name: 'maxBytes',
    kind: 'size',
    scopes: ['memory'],
    min: 1_024,
    max: 2 ** 40,
    default: '64mb',
    says: "estimated bytes of keys and values in memory, or 'auto'",
  },
  {
    name: 'maxEntries',
    kind: 'count',
    scopes: ['memory'],
    min: 1,
    max: 2 ** 24,
    default: '50000',
    says: 'entries in memory',
  },
  {
    name: 'values',
    kind: 'choice',
    scopes: ['memory'],
    choices: ['frozen', 'cloned', 'shared'],
    default: 'frozen',
    says: 'how memory hands values out',
  },
  {
    name: 'policy',
    kind: 'other',
    scopes: ['memory'],
    default: 'adaptive',
    says: "who leaves when it is full: 'adaptive', 'lru', 'lfu', 'fifo', or a policy of your own",
  },
  {
    name: 'weigh',
    kind: 'other',
    scopes: ['memory'],
    default: 'estimated',
    says: 'a function that gives the bytes of a value in memory',
  },
]
