import { describe, expect, it } from 'vitest'
import { redactKey } from '../../src/core/errors.js'
import { CacheError, type CacheErrorCode, ERROR_CODES, isCacheError } from '../../src/index.js'

describe('errors', () => {
  it.each(Object.keys(ERROR_CODES) as CacheErrorCode[])('%s is told apart by its code', (code) => {
    const error = new CacheError(code, 'says it')
    expect(error).toBeInstanceOf(Error)
    expect([error.name, error.code, error.message]).toEqual(['CacheError', code, 'says it'])
    expect(error.retryable).toBe(ERROR_CODES[code].retryable)
    expect([isCacheError(error), isCacheError(error, code)]).toEqual([true, true])
    const other = code === 'KEY_INVALID' ? 'KEY_TOO_LONG' : 'KEY_INVALID'
    expect(isCacheError(error, other)).toBe(false)
  })

  it('carry what they know, and no more', () => {
    const cause = new Error('inner')
    const error = new CacheError('STORE_FAILED', 'm', { op: 'read', key: 'k', cause })
    expect([error.op, error.key, error.cause]).toEqual(['read', 'k', cause])
    const bare = new CacheError('STORE_FAILED', 'm')
    expect([bare.op, bare.key, 'cause' in bare]).toEqual([undefined, undefined, false])
  })

  it('show little of a long key', () => {
    const error = new CacheError('KEY_TOO_LONG', 'm', { key: 'x'.repeat(5_000) })
    expect(error.key).toBe(`${'x'.repeat(64)}…`)
    expect(redactKey('x'.repeat(64))).toBe('x'.repeat(64))
  })

  it('of a second installed copy are known as well', () => {
    const other = Object.assign(new Error('m'), {
      [Symbol.for('cachewright.error')]: true,
      code: 'STORE_FAILED',
    })
    expect([isCacheError(other), isCacheError(other, 'STORE_FAILED')]).toEqual([true, true])
  })

  it.each([undefined, null, 'KEY_INVALID', 42, new Error('m'), { code: 'KEY_INVALID' }])(
    '%o is none of ours',
    (value) => expect(isCacheError(value)).toBe(false),
  )
})
