/**
 * Medians and quartiles: a noisy machine makes means and minima lie.
 */
import type { Round } from './bench.js'

/** The value below which the `part` of the sorted sample lies, between two values by proportion. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  if (sorted.length === 0) return Number.NaN
  const at = (sorted.length - 1) * part
  const below = sorted[Math.floor(at)]!
  const above = sorted[Math.ceil(at)]!
  return below + (above - below) * (at - Math.floor(at))
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** Median and quartiles, in the names of a result row. */
export function spread(values: readonly number[]) {
  return {
    value: median(values),
    low: quantile(values, 0.25),
    high: quantile(values, 0.75),
    samples: values.length,
  }
}

/** Each figure's median over the rounds of one subject. */
export function medianFigures(rounds: readonly Round[]): Record<string, number> {
  const names = Object.keys(rounds[0]!.figures!)
  return Object.fromEntries(
    names.map((name) => [name, median(rounds.map(({ figures }) => figures![name]!))]),
  )
}
