import { channel } from 'node:diagnostics_channel'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Events } from '../../src/core/events.js'
import { Histogram } from '../../src/observe/histogram.js'
import { CHANNEL_NAME, LatencyObserver } from '../../src/observe/index.js'
import { trackedCache } from './tracked-cache.js'

const subject = { namespace: '', key: 'k' }

describe('events', () => {
  let events: Events
  beforeEach(() => {
    events = new Events()
  })
  afterEach(() => vi.restoreAllMocks())

  it('reach the listeners of their name, in the order of these, until they leave', () => {
    const heard: string[] = []
    const leave = events.on('set', ({ key }) => heard.push(`first ${key}`))
    events.on('set', ({ key }) => heard.push(`second ${key}`))
    events.on('deleted', () => heard.push('wrong'))
    events.emit('set', subject)
    leave()
    leave()
    events.emit('set', subject)
    expect(heard).toEqual(['first k', 'second k', 'second k'])
  })

  it('are wanted only where somebody listens', () => {
    expect([events.wants('set'), events.watchesLookups]).toEqual([false, false])
    const leave = events.on('hit', () => {})
    expect([events.wants('set'), events.wants('hit'), events.watchesLookups]).toEqual([
      false,
      true,
      true,
    ])
    leave()
    expect([events.wants('hit'), events.watchesLookups]).toEqual([false, false])
  })

  it('are not harmed by a listener that throws: a warning, a few times', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const heard: string[] = []
    events.on('set', () => {
      throw new Error('boom')
    })
    events.on('set', () => heard.push('still here'))
    for (let i = 0; i < 50; i++) events.emit('set', subject)
    expect(heard).toHaveLength(50)
    expect(warn).toHaveBeenCalledTimes(10)
    expect(warn.mock.calls[0]![0]).toContain('a cachewright listener threw: Error: boom')
  })

  it('are not harmed by a listener that rejects', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    events.on('set', async () => {
      throw new Error('boom')
    })
    events.emit('set', subject)
    await new Promise((resolve) => setImmediate(resolve))
    expect(warn).toHaveBeenCalledTimes(1)
  })

  it('have a bound on their listeners', () => {
    for (let i = 0; i < 1_000; i++) events.on('set', () => {})
    expect(() => events.on('set', () => {})).toThrow('more than 1000 listeners')
    expect(events.on('deleted', () => {})).toBeTypeOf('function')
  })

  it('are forgotten by all at once', () => {
    events.on('hit', () => expect.fail('it was told'))
    events.removeAll()
    events.emit('hit', { ...subject, tier: 'memory', stale: false })
    expect(events.watchesLookups).toBe(false)
  })
})

describe('the diagnostics channel', () => {
  it('gets every event but hit and miss, with its name', async () => {
    const heard: unknown[] = []
    const hear = (message: unknown) => heard.push(message)
    channel(CHANNEL_NAME).subscribe(hear)
    try {
      const { cache } = trackedCache()
      await cache.set('k', 1)
      await cache.get('k')
      await cache.get('absent')
      await cache.delete('k')
    } finally {
      channel(CHANNEL_NAME).unsubscribe(hear)
    }
    expect(heard).toEqual([
      { name: 'set', ...subject },
      { name: 'removed', ...subject, reason: 'removed' },
      { name: 'deleted', ...subject },
    ])
  })
})

describe('the histogram', () => {
  it('is empty at first', () => {
    const empty = new Histogram()
    expect([empty.count, empty.maxMs, empty.quantileMs(0.5)]).toEqual([0, 0, 0])
  })

  it('is at most a fifth off, over its whole range', () => {
    for (const ms of [0.001, 0.01, 0.5, 1, 7, 99, 1_234, 50_000]) {
      const histogram = new Histogram()
      histogram.add(ms)
      histogram.add(70_000)
      expect(histogram.quantileMs(0.5)).toBeGreaterThanOrEqual(ms)
      expect(histogram.quantileMs(0.5)).toBeLessThanOrEqual(ms * 1.2)
    }
  })

  it('orders its quantiles, and never passes its maximum', () => {
    const histogram = new Histogram()
    for (let i = 1; i <= 1_000; i++) histogram.add(i / 10)
    const [p50, p99, p100] = [0.5, 0.99, 1].map((q) => histogram.quantileMs(q)) as [
      number,
      number,
      number,
    ]
    expect(p50).toBeGreaterThanOrEqual(50)
    expect(p50).toBeLessThan(60)
    expect(p99).toBeGreaterThanOrEqual(99)
    expect([p99 <= p100, p100]).toEqual([true, 100])
  })

  it('takes what lies outside of its range', () => {
    const histogram = new Histogram()
    for (const ms of [0, 1e-9, 1e9]) histogram.add(ms)
    expect([histogram.count, histogram.maxMs]).toEqual([3, 1e9])
    expect(histogram.quantileMs(0.3)).toBeLessThanOrEqual(0.001)
  })
})

describe('latencies', () => {
  it('are summed up by kind of call', () => {
    const observer = new LatencyObserver()
    observer.timed('read', 2, false)
    observer.timed('read', 2, true)
    const latencies = observer.latencies()
    expect(Object.keys(latencies).sort()).toEqual(['delete', 'load', 'other', 'read', 'write'])
    expect(latencies.read).toEqual({ count: 2, failures: 1, p50Ms: 2, p99Ms: 2, maxMs: 2 })
    expect(latencies.load).toEqual({ count: 0, failures: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 })
  })
})
