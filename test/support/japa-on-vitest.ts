/**
 * As much of japa's `test` and `Group` as suites that are handed them use, on vitest's own: they
 * then run, count and fail like every other test here. Called inside of a `describe`.
 */
import { afterAll, afterEach, assert, beforeAll, it, onTestFinished } from 'vitest'

type Work = () => unknown

interface TestContext {
  /** Chai's, in both. */
  readonly assert: typeof assert
  readonly cleanup: (work: Work) => void
}

/** Suites that wait for a server's own expiry take their time. */
const LIMIT_MS = 60_000

export function japaOnVitest() {
  const test = (title: string, run: (context: TestContext) => unknown): void => {
    const cleanup = (work: Work) => onTestFinished(() => done(work))
    it(title, () => done(() => run({ assert, cleanup })), LIMIT_MS)
  }
  const group = {
    /** What it answers is called at the end. */
    setup(work: () => unknown): void {
      let end: unknown
      beforeAll(async () => {
        end = await work()
      })
      afterAll(() => (typeof end === 'function' ? done(end as Work) : undefined))
    },
    each: {
      teardown: (work: Work) => afterEach(() => done(work)),
    },
    /** Would set limits of single tests; here all have the same. */
    tap(): void {},
  }
  return { test, group }
}

async function done(work: Work): Promise<void> {
  await work()
}
