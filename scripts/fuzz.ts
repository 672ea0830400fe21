/**
 * The long form of test/unit/fuzz-decoders.test.ts: bombs that are made by hand, then damaged
 * entries through every decoder.
 *
 * Run: `npm run fuzz`, or with a seed, a number of inputs and the number of the first of them:
 * `npm run fuzz -- 7 1000000 0`. Prints what came out; exits with 1 if anything was wrong, and
 * then with what shows it again.
 */
import { DECODER_BOMBS } from '../test/support/decoder-bombs.js'
import { entryCodec } from '../test/support/entry-codec.js'
import { FUZZ_KEYS } from '../test/support/entry-corpus.js'
import { type FuzzReport, fuzzDecoders } from '../test/support/fuzz-decoders.js'
import { measuredCall } from '../test/support/measured-call.js'

const DEFAULT_RUNS = 1_000_000
const TELL_EVERY = 50_000
const MEBIBYTE = 2 ** 20

function readArguments([seed, runs, first]: readonly string[]) {
  const plan = {
    seed: Number(seed ?? Date.now() % 1_000_000),
    runs: Number(runs ?? DEFAULT_RUNS),
    first: Number(first ?? 0),
  }
  const areWhole = Object.values(plan).every((number) => Number.isInteger(number) && number >= 0)
  return areWhole ? plan : undefined
}

/** Each once: the slowest and the largest, and how far all have taken the process. */
async function tellBombs(): Promise<void> {
  const codec = entryCodec({ encryptionKeys: FUZZ_KEYS })
  const calls = []
  const before = process.memoryUsage.rss()
  for (const [name, make] of Object.entries(DECODER_BOMBS)) {
    const bytes = make()
    calls.push({ name, ...(await measuredCall(() => codec.decode(bytes))) })
  }
  const slowest = calls.reduce((one, other) => (other.ms > one.ms ? other : one))
  const largest = calls.reduce((one, other) => (other.bytes > one.bytes ? other : one))
  console.log(`${calls.length} bombs`)
  console.log(`  slowest: ${slowest.ms.toFixed(1)} ms, ${slowest.name}`)
  console.log(`  largest: ${inMebibytes(largest.bytes)}, ${largest.name}`)
  console.log(`  the process before and at most: ${inMebibytes(before)}, ${peak()}`)
}

function tell(report: FuzzReport): void {
  const { seed, inputs, calls, outcomes, slowestMs, largestBytes, hiccups, failures } = report
  const counts = Object.entries(outcomes).sort(([, one], [, other]) => other - one)
  console.log(`seed ${seed}: ${inputs} inputs, ${calls} calls, ${failures.length} failures`)
  for (const [outcome, count] of counts) console.log(`  ${String(count).padStart(9)}  ${outcome}`)
  console.log(`  slowest: ${slowestMs.value.toFixed(1)} ms, ${slowestMs.at}`)
  console.log(`  largest: ${inMebibytes(largestBytes.value)}, ${largestBytes.at}`)
  console.log(`  too much once and not again: ${hiccups}`)
  console.log(`  the process at most: ${peak()}`)
  for (const failure of failures) console.log(`  ${failure}`)
}

/** What the bombs were made of counts as well. */
function peak(): string {
  return inMebibytes(process.resourceUsage().maxRSS * 1_024)
}

function inMebibytes(bytes: number): string {
  return `${(bytes / MEBIBYTE).toFixed(1)} MiB`
}

function tellProgress({ inputs, failures }: FuzzReport): void {
  if (inputs > 1 && inputs % TELL_EVERY === 1) {
    console.log(`${inputs - 1} inputs, ${failures.length} failures`)
  }
}

const plan = readArguments(process.argv.slice(2))
if (plan === undefined) {
  console.error('fuzz: a seed, a number of inputs and the first, as `npm run fuzz -- 7 1000 0`')
  process.exitCode = 2
} else {
  await tellBombs()
  const report = await fuzzDecoders({ ...plan, onProgress: tellProgress })
  tell(report)
  if (report.failures.length > 0) process.exitCode = 1
}
