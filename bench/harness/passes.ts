/** One step over many inputs, pass after pass until there is enough time to measure. */
import { performance } from 'node:perf_hooks'

export interface Passes<Output> {
  /** Of one input. */
  readonly microseconds: number
  /** Of the last pass. */
  readonly outputs: readonly Output[]
}

/** A quick step needs several passes for its time to stand out from the noise. */
const LEAST_MS = 30

/** What may be ready later is waited for, one after another. */
export async function passes<Input, Output>(
  inputs: readonly Input[],
  isTiny: boolean,
  step: (input: Input) => Output | Promise<Output>,
): Promise<Passes<Output>> {
  const outputs: Output[] = new Array(inputs.length)
  const leastMs = isTiny ? 0 : LEAST_MS
  const startMs = performance.now()
  let count = 0
  let elapsedMs = 0
  do {
    for (let at = 0; at < inputs.length; at++) {
      const output = step(inputs[at]!)
      outputs[at] = output instanceof Promise ? await output : output
    }
    count++
    elapsedMs = performance.now() - startMs
  } while (elapsedMs < leastMs)
  return { microseconds: (elapsedMs * 1_000) / (count * inputs.length), outputs }
}
