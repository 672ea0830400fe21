import { expect, test } from 'vitest'
import { type Run, testOn } from '../../scripts/test-nodes.js'

/** npx that finds this version; the suite passes or fails. */
function fakeNpx(version: string | undefined, passes = true): Run {
  return (args) => {
    if (args.includes('--version')) return version
    return passes ? '' : undefined
  }
}

test('tells the exact version on which the suite passed', () => {
  const report = testOn('22', fakeNpx('v22.11.0\n'))
  expect(report).toEqual({ major: '22', passed: true, says: 'Node v22.11.0: passed' })
})

test('a suite that fails is a failure', () => {
  const report = testOn('24', fakeNpx('v24.1.0\n', false))
  expect(report).toEqual({ major: '24', passed: false, says: 'Node v24.1.0: FAILED' })
})

test.each([undefined, 'v20.20.2\n'])('a version that cannot be had (%s) is a failure', (got) => {
  const { passed, says } = testOn('22', fakeNpx(got))
  expect(passed).toBe(false)
  expect(says).toContain('Node 22 could not be fetched with npx')
})
