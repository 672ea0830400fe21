/**
 * `npm run bench`: runs the benches named, or all, and writes down what they found.
 *
 *   --tiny           tiny inputs: shows that everything works, measures nothing, writes nothing
 *   --out <folder>   where results go, in place of bench/results
 *   --rounds <n>     rounds of each comparison, in each of three generations of processes
 *   --note <text>    a word about the circumstances, recorded
 *   --profile <dir>  leaves a CPU profile of every subject there
 *   --traces <dir>   public traces of caches for hit-ratio, in place of the environment's
 *                    CACHE_TRACES; without any it plays synthetic loads alone
 *
 * Ends with an error if a bench failed, or if a subject read something else than the others did;
 * never for a ratio.
 */
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { bench as cluster } from './cluster.js'
import { bench as codec } from './codec.js'
import { bench as coherence } from './coherence.js'
import { bench as compression } from './compression.js'
import { bench as dictionary } from './dictionary.js'
import { bench as encryption } from './encryption.js'
import { bench as expiry } from './expiry.js'
import { bench as faces } from './faces.js'
import { bench as failover } from './failover.js'
import { bench as fill } from './fill.js'
import { bench as footprint } from './footprint.js'
import { bench as getMany } from './get-many.js'
import type { Bench, Row } from './harness/bench.js'
import { circumstances } from './harness/circumstances.js'
import { compile } from './harness/compile.js'
import { Lab, type LabOptions } from './harness/lab.js'
import { figureText, isReached, resultText, writeResults } from './harness/results.js'
import { bench as hitRatio } from './hit-ratio.js'
import { bench as hotKeys } from './hot-keys.js'
import { bench as key } from './key.js'
import { bench as memoize } from './memoize.js'
import { bench as memoryFootprint } from './memory-footprint.js'
import { bench as memoryHit } from './memory-hit.js'
import { bench as memoryTier } from './memory-tier.js'
import { bench as outage } from './outage.js'
import { bench as pool } from './pool.js'
import { bench as refreshAhead } from './refresh-ahead.js'
import { bench as sql } from './sql.js'
import { bench as stampede } from './stampede.js'
import { bench as storeHit } from './store-hit.js'
import { bench as valueCopy } from './value-copy.js'
import { bench as writeBehind } from './write-behind.js'

const BENCHES: readonly Bench[] = [
  memoryHit,
  hotKeys,
  memoize,
  faces,
  refreshAhead,
  memoryTier,
  memoryFootprint,
  expiry,
  hitRatio,
  storeHit,
  fill,
  getMany,
  footprint,
  cluster,
  sql,
  pool,
  stampede,
  outage,
  failover,
  coherence,
  codec,
  compression,
  dictionary,
  encryption,
  key,
  valueCopy,
  writeBehind,
]

/** Tiny runs measure nothing, and some of them mostly wait: a few may share the machine. */
const TINY_AT_ONCE = 3
const ROOT = fileURLToPath(new URL('..', import.meta.url))

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      tiny: { type: 'boolean', default: false },
      out: { type: 'string' },
      rounds: { type: 'string' },
      note: { type: 'string', default: '' },
      profile: { type: 'string' },
      traces: { type: 'string' },
    },
  })
  const known = BENCHES.map(({ name }) => name)
  const unknown = positionals.filter((name) => !known.includes(name))
  if (unknown.length > 0) throw new Error(`no bench '${unknown[0]}'; there are ${known.join(', ')}`)
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds)
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0)) {
    throw new Error(`--rounds is '${values.rounds}'; it takes a whole number above 0`)
  }
  const names = positionals.length === 0 ? known : positionals
  const traces = values.traces ?? (process.env.CACHE_TRACES || undefined)
  return { ...values, rounds, traces, benches: BENCHES.filter(({ name }) => names.includes(name)) }
}

function show(row: Row, columns: readonly string[] = []): void {
  const reached = isReached(row)
  const target =
    row.target === undefined ? '' : ` [${row.target.sense} ${figureText(row.target.value)}]`
  const verdict = reached === undefined ? '' : reached ? ' reached' : ' MISSED'
  const against = row.against === '' ? '' : ` against ${row.against}`
  const wrong = row.isRight ? '' : ' · WRONG ANSWERS'
  const figures = columns
    .filter((name) => row.figures[name] !== undefined)
    .map((name) => ` · ${name} ${figureText(row.figures[name])}`)
  const what = `  ${row.case} · ${row.subject}${against}: ${resultText(row)}`
  console.log([what, target, verdict, wrong, ...figures].join(''))
}

/** One that fails has no rows; the others still run. */
async function runOne(bench: Bench, all: Omit<LabOptions, 'onRow'>): Promise<readonly Row[]> {
  console.log(`${bench.name}: ${bench.says}`)
  const lab = new Lab({ ...all, onRow: (row) => show(row, bench.columns) }, bench.name)
  try {
    return await bench.run(lab)
  } catch (error) {
    console.error(`${bench.name} failed:`, error)
    return []
  } finally {
    await lab.close()
  }
}

/** So many of them at once. */
async function inTurn(
  benches: readonly Bench[],
  atOnce: number,
  run: (bench: Bench) => Promise<void>,
): Promise<void> {
  const waiting = [...benches]
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await run(next)
  }
  await Promise.all(Array.from({ length: atOnce }, work))
}

async function main(): Promise<void> {
  const { benches, tiny, out, rounds, note, profile, traces } = readArguments()
  const compiled = compile(ROOT)
  const folder = out ?? (tiny ? undefined : join(ROOT, 'bench', 'results'))
  const where = circumstances(ROOT, note)
  const options = {
    ...{ compiled: compiled.folder, tiny, rounds },
    profile: profile === undefined ? undefined : resolve(profile),
    traces: traces === undefined ? undefined : resolve(traces),
  }
  try {
    await inTurn(benches, tiny ? TINY_AT_ONCE : 1, async (bench) => {
      const startMs = performance.now()
      const rows = await runOne(bench, options)
      const seconds = (performance.now() - startMs) / 1_000
      const { name, says, columns } = bench
      const told = { says, columns, tiny, circumstances: where, seconds, rows }
      if (folder !== undefined && rows.length > 0) {
        writeResults(folder, { bench: name, ...told }, bench.draw?.(rows))
      }
      if (rows.length === 0 || rows.some(({ isRight }) => !isRight)) process.exitCode = 1
    })
  } finally {
    compiled.remove()
  }
}

await main()
