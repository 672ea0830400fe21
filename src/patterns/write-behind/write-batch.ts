/**
 * Hands a batch to the writer, and finds out who is to blame where it fails.
 *
 * A batch that fails is tried in halves, and the half that fails in halves again, so that one write
 * that the source refuses does not hold up its neighbours. A write counts as failed only where it
 * was tried by itself, or the writer named it. Where both halves fail, the first write of each is
 * tried alone: if neither can be written, it is more likely the source than the writes, and no more
 * is tried; those two are blamed, so that the next batch tries others.
 *
 * Bounded: of a batch of 256 with one bad write the writer is called 17 times, of one whose source
 * is away 5 times, and never more than `MAX_CALLS` times.
 */
export type BatchResult<W> =
  | { readonly write: W; readonly kind: 'done' }
  | { readonly write: W; readonly kind: 'failed'; readonly error: unknown }
  /** A batch that it was part of failed. */
  | { readonly write: W; readonly kind: 'untried'; readonly error: unknown }

/**
 * Throws or rejects where it is not known which writes have failed; else answers those that have,
 * each with its error, by their place in the batch.
 */
export type WriteAll<W> = (batch: readonly W[]) => Promise<ReadonlyMap<number, unknown>>

/** Of one batch; what is left then is untried. */
export const MAX_CALLS = 64

/** One result for each write, in no order. Never rejects. One call of the writer at a time. */
export async function writeBatch<W>(
  batch: readonly W[],
  writeAll: WriteAll<W>,
): Promise<readonly BatchResult<W>[]> {
  const search = new Search(writeAll)
  await search.whole(batch)
  return search.results
}

class Search<W> {
  readonly results: BatchResult<W>[] = []
  readonly #writeAll: WriteAll<W>
  #calls = 0
  #error: unknown

  constructor(writeAll: WriteAll<W>) {
    this.#writeAll = writeAll
  }

  /** Tries the batch, and goes into it where it fails. */
  async whole(batch: readonly W[]): Promise<void> {
    if (!(await this.#try(batch))) await this.#inside(batch)
  }

  /** Of a batch that has failed. */
  async #inside(batch: readonly W[]): Promise<void> {
    if (batch.length <= 1) return
    const middle = Math.ceil(batch.length / 2)
    const halves = [batch.slice(0, middle), batch.slice(middle)]
    const failed: (readonly W[])[] = []
    for (const half of halves) if (!(await this.#try(half))) failed.push(half)
    if (failed.length < 2) {
      for (const half of failed) await this.#inside(half)
      return
    }
    let isAlive = false
    for (const half of halves) {
      if (half.length > 1 && (await this.#try(half.slice(0, 1)))) isAlive = true
    }
    for (const half of halves) {
      const rest = half.slice(1)
      if (isAlive && rest.length > 0) await this.whole(rest)
      else this.#leave(rest)
    }
  }

  /** Whether it is known now what became of each: one that failed alone is known to have failed. */
  async #try(batch: readonly W[]): Promise<boolean> {
    if (this.#calls === MAX_CALLS) {
      this.#leave(batch)
      return true
    }
    this.#calls++
    try {
      const failures = await this.#writeAll(batch)
      batch.forEach((write, at) => {
        if (failures.has(at)) this.#fail(write, failures.get(at))
        else this.results.push({ write, kind: 'done' })
      })
      return true
    } catch (error) {
      this.#error = error
      if (batch.length === 1) this.#fail(batch[0]!, error)
      return false
    }
  }

  #fail(write: W, error: unknown): void {
    this.results.push({ write, kind: 'failed', error })
  }

  #leave(writes: readonly W[]): void {
    for (const write of writes) this.results.push({ write, kind: 'untried', error: this.#error })
  }
}
