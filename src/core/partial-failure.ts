/**
 * How a store made of several servers rejects where only some of them failed: with an answer or an
 * error for each item of the call. It says nothing against the store as a whole, so the breaker
 * does not count it. Made by stores of this package; what a call of one item rejects with may be
 * one as well.
 */
import { CacheError } from './errors.js'

export class PartialFailure extends CacheError {
  /** In the order of the call's items: what the call would have answered, or why not. */
  readonly answers: readonly unknown[]

  constructor(answers: readonly unknown[], first: CacheError) {
    const { op, key, cause } = first
    const details = { ...(op === undefined ? {} : { op }), ...(key === undefined ? {} : { key }) }
    super(first.code, first.message, { ...details, cause })
    this.answers = answers
  }
}
