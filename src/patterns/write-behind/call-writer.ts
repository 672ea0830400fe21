/** One call of the user's writer: its timeout, and what its answer says. */
import type { Clock } from '../../core/contracts.js'
import { CacheError } from '../../core/errors.js'
import { invalidOption } from '../../core/option-reading.js'
import type { BehindWrite, BehindWriter } from './behind-write.js'

export interface WriterCall<T> {
  readonly clock: Clock
  readonly writer: BehindWriter<T>
  readonly timeoutMs: number
  readonly writes: readonly BehindWrite<T>[]
  /** Aborted when the answer is not wanted any more. */
  readonly signal: AbortSignal | undefined
}

/**
 * Those that have failed, each with its error, by their place. Rejects with what the writer throws,
 * with WRITER_TIMEOUT, or with the reason of the signal: then nobody knows which have failed.
 */
export async function callWriter<T>(call: WriterCall<T>): Promise<ReadonlyMap<number, unknown>> {
  const { clock, signal, timeoutMs, writer, writes } = call
  const controller = new AbortController()
  const answer = await new Promise<unknown>((resolve, reject) => {
    const giveUp = (reason: unknown) => {
      controller.abort(reason)
      reject(reason)
    }
    const onAbort = () => giveUp(signal!.reason)
    signal?.addEventListener('abort', onAbort)
    const timer =
      timeoutMs === Number.POSITIVE_INFINITY
        ? undefined
        : clock.setTimer(() => giveUp(timedOut(timeoutMs)), timeoutMs, true)
    const end = () => {
      timer?.cancel()
      signal?.removeEventListener('abort', onAbort)
    }
    // A list of its own: whoever changes it changes nothing here.
    const run = async () => writer([...writes], { signal: controller.signal })
    run().finally(end).then(resolve, reject)
  })
  return failuresIn(writes, answer)
}

function failuresIn(writes: readonly BehindWrite[], answer: unknown): ReadonlyMap<number, unknown> {
  const failures = new Map<number, unknown>()
  if (answer === undefined || answer === null) return failures
  const refuse = (what: unknown) => {
    const allowed = 'nothing, or a list of { key, error } of its batch'
    return invalidOption('writeBehind', "answer of 'write'", what, allowed)
  }
  if (!Array.isArray(answer)) throw refuse(answer)
  const placeOf = new Map(writes.map(({ key }, at) => [key, at]))
  for (const failed of answer as ({ key?: unknown; error?: unknown } | undefined)[]) {
    const at = placeOf.get(failed?.key as string)
    if (at === undefined) throw refuse(failed?.key)
    failures.set(at, failed!.error)
  }
  return failures
}

function timedOut(timeoutMs: number): CacheError {
  const message = `the writer took longer than ${timeoutMs} ms: whether it has written is unknown`
  return new CacheError('WRITER_TIMEOUT', message, { op: 'set' })
}
