/**
 * How long after a process has called `delete` is the value gone from the memory of another one?
 *
 * From the moment before the call to the moment at which a `peek` over there, in a loop of
 * `setImmediate`, finds nothing. Nothing else is under way.
 */
import type { Row } from '../harness/bench.js'
import { atMost, type Lab } from '../harness/lab.js'
import { median, quantile, spread } from '../harness/stats.js'
import { areRight, deal } from './pair.js'

const DELETES = 1_000
const ROUNDS = 9
const MAX_P50_MS = 0.6
const MAX_P99_MS = 5

export async function heardRows(lab: Lab): Promise<Row[]> {
  const params = { prefix: 'heard', keys: lab.tiny ? 10 : DELETES }
  const deleter = await lab.host('deleter', params, 'never')
  const holder = await lab.host('holder', params, 'never')
  const delaysMs: number[][] = []
  const deleteMs: number[] = []
  let isRight = true
  for (let round = 0; round < (lab.tiny ? 1 : ROUNDS); round++) {
    const dealt = await deal(deleter, [holder], round)
    const acted = await Promise.all([holder.run(round, 'watch'), deleter.run(round, 'delete')])
    const [seen, begun] = acted.map(({ momentsMs }) => momentsMs!) as [number[], number[]]
    const delays = begun.map((beganMs, at) => seen[at]! - beganMs)
    // What was gone before it was deleted, was not gone because of that.
    isRight &&= areRight([...dealt, ...acted]) && delays.every((ms) => ms > 0)
    delaysMs.push(delays)
    deleteMs.push(acted[1].figures!['delete, ms']!)
  }
  await holder.end()
  await deleter.end()
  const row = (name: string, part: number, limitMs: number): Row => ({
    case: `another process corrected after \`delete\`, ${name}`,
    ...{ subject: 'node-redis', against: '', unit: 'ms' },
    ...spread(delaysMs.map((delays) => quantile(delays, part))),
    target: atMost(limitMs),
    figures: {
      deletes: delaysMs.flat().length,
      'of all deletes, ms': quantile(delaysMs.flat(), part),
      'worst, ms': Math.max(...delaysMs.flat()),
      'delete itself, p50, ms': median(deleteMs),
    },
    answers: isRight ? 'right' : 'wrong',
    isRight,
  })
  return [row('p50', 0.5, MAX_P50_MS), row('p99', 0.99, MAX_P99_MS)].map((each) => lab.report(each))
}
