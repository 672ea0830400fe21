/** The algorithms of this process, by name and by code; each is looked for once, when needed. */
import type { CompressionAlgorithm } from '../../../core/stored-format.js'
import {
  type Algorithm,
  CODE_BROTLI,
  CODE_GZIP,
  CODE_LZ_STRING,
  CODE_LZ4,
  CODE_SNAPPY,
  CODE_ZSTD,
} from './algorithm.js'
import { lz4, lzString, packagedZstd, snappy } from './package-algorithms.js'
import { brotli, gzip, nativeZstd } from './zlib-algorithms.js'

export type AlgorithmName = Exclude<CompressionAlgorithm, 'auto'>

interface Row {
  readonly code: number
  readonly make: (level: number) => Algorithm | undefined
  /** What is used where the algorithm is asked for by name; further ones are for `auto` to try. */
  readonly levels: readonly number[]
  /** What a message tells to install; '' where Node has it. */
  readonly package: string
}

/**
 * Levels above these take several times as long for a few per cent (bench/compression).
 * `lz-string` is nothing to learn about: it is slower than gzip and larger.
 */
const ROWS: Readonly<Record<AlgorithmName, Row>> = {
  gzip: { code: CODE_GZIP, make: gzip, levels: [6, 1], package: '' },
  brotli: { code: CODE_BROTLI, make: brotli, levels: [5, 1], package: '' },
  zstd: {
    code: CODE_ZSTD,
    make: (level) => nativeZstd(level) ?? packagedZstd(level),
    levels: [3, 1],
    package: '@toondepauw/node-zstd, or Node 22.15',
  },
  'lz-string': { code: CODE_LZ_STRING, make: lzString, levels: [0], package: 'lz-string' },
  lz4: { code: CODE_LZ4, make: lz4, levels: [0], package: 'lz4-napi' },
  snappy: { code: CODE_SNAPPY, make: snappy, levels: [0], package: 'snappy' },
}

const made = new Map<string, Algorithm | undefined>()

function algorithm(name: AlgorithmName, level: number): Algorithm | undefined {
  const id = `${name}:${level}`
  if (!made.has(id)) made.set(id, ROWS[name].make(level))
  return made.get(id)
}

/** `undefined` where its package is not installed. */
export function algorithmNamed(name: AlgorithmName): Algorithm | undefined {
  return algorithm(name, ROWS[name].levels[0]!)
}

/** What to install for it. */
export function packageOf(name: AlgorithmName): string {
  return ROWS[name].package
}

/** What stands in what it has compressed. */
export function codeOf(name: AlgorithmName): number {
  return ROWS[name].code
}

export function nameOfCode(code: number): AlgorithmName | undefined {
  return (Object.keys(ROWS) as AlgorithmName[]).find((name) => ROWS[name].code === code)
}

export function algorithmOfCode(code: number): Algorithm | undefined {
  const name = nameOfCode(code)
  return name === undefined ? undefined : algorithmNamed(name)
}

export interface Level {
  /** `gzip:6`: the algorithm and how hard it tries. */
  readonly name: string
  readonly algorithm: Algorithm
}

const LEARNED: readonly AlgorithmName[] = ['gzip', 'brotli', 'zstd', 'lz4', 'snappy']

/** All that `auto` may choose from here; the first is quick, and measured beside all others. */
export function levelsToLearn(): readonly Level[] {
  return LEARNED.flatMap((name) =>
    [...ROWS[name].levels].reverse().flatMap((level) => {
      const found = algorithm(name, level)
      return found === undefined ? [] : [{ name: `${name}:${level}`, algorithm: found }]
    }),
  )
}
