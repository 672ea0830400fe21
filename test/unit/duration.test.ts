import { describe, expect, it } from 'vitest'
import { durationMs, showDuration, showSize, sizeBytes } from '../../src/core/duration.js'

describe('durations', () => {
  it.each([
    [0, 0],
    [1, 1_000],
    [0.25, 250],
    [-1, -1_000],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    ['250ms', 250],
    ['1.5s', 1_500],
    ['10m', 600_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
    [' 5 s ', 5_000],
    ['0s', 0],
  ])('%s is %s ms', (input, ms) => expect(durationMs(input)).toBe(ms))

  it.each([Number.NaN, '', '5', 's', '5S', '5 years', '-5s', '1e3s', '5s5s', '٥s', '5.s', '.5s'])(
    '%s is none',
    (input) => expect(durationMs(input)).toBeUndefined(),
  )
  it.each([undefined, null, true, 5n, {}, [5], new Date(5)])('%s is none', (input) =>
    expect(durationMs(input)).toBeUndefined(),
  )

  it.each([
    [0, '0ms'],
    [1, '1ms'],
    [1_000, '1s'],
    [90_000, '90s'],
    [600_000, '10m'],
    [7_200_000, '2h'],
    [86_400_000, '1d'],
    [1_209_600_000, '2w'],
    [0.5, '0.5ms'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
  ])('%s ms is shown as %s', (ms, text) => expect(showDuration(ms)).toBe(text))

  it('read back what they show', () => {
    for (const ms of [0, 1, 999, 1_000, 61_000, 600_000, 5_400_000, 86_400_000, 31_536_000_000])
      expect(durationMs(showDuration(ms))).toBe(ms)
  })
})

describe('sizes', () => {
  it.each([
    [0, 0],
    [1_024, 1_024],
    ['512b', 512],
    ['4kb', 4_096],
    ['1.5MB', 1_572_864],
    ['1Gb', 1_073_741_824],
    ['0.3kb', 307],
  ])('%s is %s bytes', (input, bytes) => expect(sizeBytes(input)).toBe(bytes))

  it.each([Number.NaN, 'lots', '', '5', '5tb', '-1mb', 'mb', undefined, null, {}, true, 5n])(
    '%s is none',
    (input) => expect(sizeBytes(input)).toBeUndefined(),
  )

  it.each([
    [0, '0b'],
    [1_000, '1000b'],
    [1_024, '1kb'],
    [67_108_864, '64mb'],
    [2 ** 40, '1024gb'],
  ])('%s bytes are shown as %s', (bytes, text) => expect(showSize(bytes)).toBe(text))
})
