import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkMap, putRight, readDocuments } from '../../scripts/check-map.js'
import { parseCode } from '../../scripts/house/document-code.js'
import type { Reading } from '../../scripts/house/document-reading.js'
import { symbolsOf } from '../../scripts/house/document-symbols.js'
import { formatViolation } from '../../scripts/house/violation.js'
import { temporaryTree } from './temporary-tree.js'

const MAP = 'docs/design/map.md'
const LIST = 'docs/design/symbols.json'
const DOOR = 'src/facades/unified/index.ts'

const CODE = `
  export { Manager } from './manager.js'
  export interface Stats { hits: number; tiers?: { latency: number }[] | undefined }
  export const Spaces = { SESSION: 'session' } as const
  export type Spaces = (typeof Spaces)[keyof typeof Spaces]
  export function keep(key: string, options: { ttl?: number } = {}): void {}
  export const extra = 1`

const MANAGER = `
  import type { Stats } from './index.js'
  export class Manager {
    static readonly made = 0
    constructor(config?: { redis?: { url?: string } | false }) {}
    get(key: string): Promise<string | null> { return Promise.resolve(key) }
    stats(): () => Promise<Stats | undefined> { return async () => undefined }
  }`

const GOOD = [
  ['Manager', 3, 'unified: Manager'],
  ['Manager#get', 4, 'unified: Manager#get'],
  ['Config.redis.url', 5, 'unified: Manager(0).redis.url'],
  ['latency', 6, 'unified: Manager#stats()().tiers[].latency'],
  ['Spaces.SESSION', 7, 'unified: Spaces.SESSION'],
  ['Stats.hits', 8, 'unified: Stats.hits'],
  ['keep.ttl', 9, 'unified: keep(1).ttl'],
  ['REDIS_URL', 10, 'environment: REDIS_URL'],
  ['middleware', 11, 'later: HTTP'],
] as const

type Line = readonly [symbol: string, line: number | string, where: string, capability?: string]

function pageOf(lines: readonly Line[], beyond = '| `unified: extra` | it is handy |'): string {
  const rows = lines.map(([symbol, line, where, capability = 'createCache']) => {
    return `| \`${symbol}\` | ${line} | \`${where}\` | ${capability} | |`
  })
  const parts = ['# Map', '## cachewright/unified', '| Symbol | Line |', '| --- | --- |', ...rows]
  return [...parts, '## Beyond the documents', '| Export | Reason |', beyond].join('\n')
}

const TREE = {
  [LIST]: listOf(GOOD),
  [MAP]: pageOf(GOOD),
  [DOOR]: CODE,
  'src/facades/unified/manager.ts': MANAGER,
  'src/environment-table.ts': `export const ENVIRONMENT_TABLE = [
    { name: 'REDIS_URL' },
    { name: 'CACHE_WARMING_ENABLED', awaits: 'warming' },
  ]`,
}

function listOf(lines: readonly Line[]): string {
  const symbols = Object.fromEntries(lines.map(([symbol, line]) => [symbol, [line]]))
  return JSON.stringify({ unified: { document: '000', symbols } })
}

function complaints(files: Record<string, string>): string[] {
  return checkMap(temporaryTree({ ...TREE, ...files })).violations.map(formatViolation)
}

describe('a map', () => {
  test('that fits is let through, and counted', () => {
    const { violations, success } = checkMap(temporaryTree(TREE))
    expect(violations).toEqual([])
    expect(success).toBe('map: 9 symbols of 1 documents, all mapped; 1 come later')
  })

  test('lacks a symbol, has one too many, one twice, a wrong line, an empty place', () => {
    const page = pageOf([
      ...GOOD.slice(1, 8),
      ['Manager#get', 4, 'unified: Manager#get'],
      ['Manager#put', 4, 'unified: Manager'],
      ['middleware', '11, 12', 'later: HTTP'],
    ]).replace('`unified: Spaces.SESSION`', '')
    expect(complaints({ [MAP]: page })).toEqual([
      `${MAP}:8: 'unified: Spaces.SESSION' leads nowhere`,
      `${MAP}:12: 'unified: Manager#get' has two rows`,
      `${MAP}:13: 'unified: Manager#put' is no symbol of a document`,
      `${MAP}:14: 'unified: middleware' stands on lines 11, not 11, 12`,
      `${MAP}: 'unified: Manager' has no row (line 3 of the document)`,
      `${DOOR}: Spaces is not on the map`,
    ])
  })

  test('leads where nothing is', () => {
    const nowhere = [
      ['unified: Keeper', 'leads nowhere: ... Keeper'],
      ['unified: Manager#put', 'leads nowhere: ... Manager#put'],
      ['unified: Manager.get', 'leads nowhere: ... Manager.get'],
      ['unified: Manager#made', 'leads nowhere: ... Manager#made'],
      ['unified: Manager(0).redis.port', 'leads nowhere: ... Manager(0).redis.port'],
      ['unified: Manager#stats().tiers', 'leads nowhere: ... Manager#stats().tiers'],
      ['unified: Stats.tiers.latency', 'leads nowhere: ... Stats.tiers.latency'],
      ['unified: Spaces.BOT_STATE', 'leads nowhere: ... Spaces.BOT_STATE'],
      ['unified: keep(2)', 'leads nowhere: ... keep(2)'],
      ['unified: keep!', 'leads nowhere: ... keep!'],
      ['service: Manager', 'is no place: a face, environment or later'],
      ['environment: REDIS_PORT', 'has no row in src/environment-table.ts'],
      ['environment: CACHE_WARMING_ENABLED', 'waits for warming, which its deviation does not say'],
    ] as const
    const lines = nowhere.map(([where], index): Line => [`s${index}`, 12, where])
    const all = [...GOOD, ...lines]
    const expected = nowhere.map(([where, says], index) => {
      const words = says.replace('...', 'cachewright/unified has no')
      return `${MAP}:${14 + index}: '${where}' ${words}`
    })
    expect(complaints({ [LIST]: listOf(all), [MAP]: pageOf(all) })).toEqual(expected)
  })

  test('awaits what is there, or a face that is not', () => {
    const lines = [...GOOD, ['extra', 12, 'later: soon'], ['a', 13, 'service: A']] as const
    const list = JSON.parse(listOf(lines))
    list.service = { document: '002', symbols: {} }
    expect(complaints({ [LIST]: JSON.stringify(list), [MAP]: pageOf(lines) })).toEqual([
      `${MAP}:14: 'later: soon' is there: cachewright/unified has extra`,
      `${MAP}:15: 'service: A' leads to src/facades/service, which is not there`,
    ])
  })

  test('hides a public name, or explains one that is gone, mapped or not explained', () => {
    const beyond = (name: string, reason = 'it is handy') => `| \`unified: ${name}\` | ${reason} |`
    expect(complaints({ [MAP]: pageOf(GOOD, '') })).toEqual([`${DOOR}: extra is not on the map`])
    const rows = [beyond('extra', ''), beyond('gone'), beyond('keep')].join('\n')
    expect(complaints({ [MAP]: pageOf(GOOD, rows) })).toEqual([
      `${MAP}:16: 'unified: extra' is beyond the documents without a reason`,
      `${MAP}:17: 'unified: gone' is beyond the documents, and not there`,
      `${MAP}:18: 'unified: keep' is beyond the documents, and serves a symbol`,
    ])
  })

  test('names no capability', () => {
    const page = pageOf(GOOD).replace('`unified: Manager` | createCache', '`unified: Manager` | ')
    expect(complaints({ [MAP]: page })).toEqual([
      `${MAP}:5: 'unified: Manager' names no capability`,
    ])
  })
})

test('the map of this repository', () => {
  expect(checkMap(process.cwd()).violations.map(formatViolation)).toEqual([])
})

const READING: Reading = {
  face: 'unified',
  number: '000',
  roots: { cache: 'Manager#', 'cache.getStats()': 'Stats.', Space: 'Space.', USER: 'Space.USER' },
  shapes: { 'Manager#set:1': 'Options', 'line 25': 'Stats' },
  members: 'Manager',
  headings: { Methods: 'Manager#' },
  ignored: { db: "the user's", Promise: 'the language', console: 'the language' },
  besides: ['9 Stats.misses'],
}

const DOCUMENT = `# A cache
The \`USER\` space, \`cacheStats\`, \`docker run\` and \`db\`.
\`\`\`typescript
import { cache, Space } from './cache'
const stats = await cache.getStats()
console.log(stats.hits.toFixed(1), cache.getStats().hits)
await cache.set(Space.USER, { ttl: 60, nested: { deep: 1 } })
await db.find({ name: 'A' })
// misses: 3
@Cached({ ttl: 5 })
class A {}
\`\`\`
   \`\`\`bash
   REDIS_URL=redis://localhost
   node scripts/cache-deployment.js deploy canary
   GET /api/health?detailed=true
   \`\`\`
## Methods
- \`expire(key, ttl?)\`: again
\`\`\`typescript
async get<T>(key: string): Promise<Entry | null>
constructor(config?: Config)
\`\`\`
\`\`\`typescript
{
  rate: string;
}
\`\`\`
`

describe('a document', () => {
  test('says names, members, options, shapes, variables, commands, addresses', () => {
    expect(symbolsOf(DOCUMENT, READING)).toEqual({
      'Space.USER': [2, 7],
      cacheStats: [2],
      cache: [4],
      Space: [4],
      'Manager#getStats': [5, 6],
      'Stats.hits': [6],
      'Manager#set': [7],
      'Options.ttl': [7],
      'Options.nested': [7],
      'Options.nested.deep': [7],
      'Stats.misses': [9],
      Cached: [10],
      'Cached:0.ttl': [10],
      REDIS_URL: [14],
      'cache-deployment deploy canary': [15],
      'GET /api/health?detailed=true': [16],
      'Manager#expire': [19],
      'Manager#get': [21],
      Entry: [21],
      Manager: [22],
      Config: [22],
      'Stats.rate': [26],
    })
  })

  test('is parsed as what has the fewest faults', () => {
    expect(parseCode('get(key: string): void').text).toMatch(/^class/)
    expect(parseCode('SESSION: 3600, // 1 hour\nTOOL: 300').text).toMatch(/^const Properties/)
    expect(parseCode('cache.get(1)').text).toBe('cache.get(1)')
  })

  test('read again puts the list and the lines of the map right', () => {
    const documents = temporaryTree(
      Object.fromEntries(['000', '001', '002', '003', '004'].map((each) => [`${each}_a.txt`, ''])),
    )
    const read = readDocuments(documents)
    expect(Object.keys(read)).toHaveLength(5)
    const root = temporaryTree(TREE)
    const lists = { unified: { document: '000', symbols: { Manager: [3, 30], 'Stats.hits': [9] } } }
    putRight(root, lists)
    expect(JSON.parse(readFileSync(join(root, LIST), 'utf8'))).toEqual(lists)
    const page = readFileSync(join(root, MAP), 'utf8')
    expect(page).toContain('| `Manager` | 3, 30 | `unified: Manager` | createCache | |')
    expect(page).toContain('| `Stats.hits` | 9 | `unified: Stats.hits` |')
    expect(page).toContain('| `Spaces.SESSION` | 7 | `unified: Spaces.SESSION` |')
  })
})
