/**
 * The demo end to end, as a child process: its table, its honesty check, and that nothing of it is
 * left afterwards, also when it is interrupted. Needs `dist` (npm test builds it). Its demand, too:
 * any city in proportion to its population.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { plainName } from '../../examples/cities/cities.js'
import { proportionalSampler, seededRandom } from '../../examples/cities/demand.js'
import { readOptions } from '../../examples/cities/options.js'

const DEMO_TIMEOUT_MS = 90_000
const MAIN = fileURLToPath(new URL('../../examples/cities/main.ts', import.meta.url))
const FEW = ['--requests', '400', '--visitors', '4', '--store', 'memory']

describe('the cities demo', () => {
  let room: string
  let child: ChildProcess | undefined

  beforeEach(() => {
    room = mkdtempSync(join(tmpdir(), 'cities-test-'))
    // as root the demo's server runs as another user, who has to get in
    chmodSync(room, 0o755)
  })

  afterEach(() => {
    child?.kill('SIGKILL')
    rmSync(room, { recursive: true, force: true })
  })

  it(
    'prints its table, with the same answers from every run, and tidies up',
    async () => {
      const demo = start(['--once', ...FEW])
      expect(await demo.exitCode, demo.output()).toBe(0)
      expect(demo.output()).toMatch(/requests per second +[\d,]+ +[\d,]+/)
      expect(demo.output()).toMatch(/All 2 runs gave the same answers: [0-9a-f]{16}/)
      expect(hitRatio(demo.output())).toBeGreaterThan(0)
      await expectNothingLeft()
    },
    DEMO_TIMEOUT_MS,
  )

  it(
    'serves on after the table until it is interrupted, and tidies up',
    async () => {
      const demo = start(FEW)
      const baseUrl = await demo.saw(/Still serving.*(http:\/\/127\.0\.0\.1:\d+)\//)
      expect(await status(`${baseUrl}/stats`)).toBe(200)
      expect(await status(`${baseUrl}/cities/2643743`)).toBe(200)
      expect(await status(`${baseUrl}/cities/1`)).toBe(404)
      expect(await status(`${baseUrl}/cities/x`)).toBe(400)
      expect(await status(`${baseUrl}/nearest?lat=91&lon=0`)).toBe(400)
      expect(await status(`${baseUrl}/nowhere`)).toBe(404)
      const page = await fetch(`${baseUrl}/`)
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
      child?.kill('SIGINT')
      expect(await demo.exitCode, demo.output()).toBe(0)
      await expectNothingLeft()
    },
    DEMO_TIMEOUT_MS,
  )

  it(
    'tidies up when it is interrupted half-way',
    async () => {
      const demo = start(['--requests', '20000', '--store', 'memory'])
      await demo.saw(/(PostgreSQL is up)/)
      child?.kill('SIGTERM')
      expect(await demo.exitCode, demo.output()).toBe(143)
      await expectNothingLeft()
    },
    DEMO_TIMEOUT_MS,
  )

  function start(args: readonly string[]) {
    const env = { ...process.env, TMPDIR: room, PORT: '0' }
    const demo = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], { env })
    child = demo
    let output = ''
    const keep = (chunk: Buffer) => {
      output += chunk.toString()
    }
    demo.stdout.on('data', keep)
    demo.stderr.on('data', keep)
    const exitCode = new Promise<number | null>((resolve) => demo.once('close', resolve))
    const saw = (pattern: RegExp) =>
      new Promise<string>((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(output)?.[1]
          if (found !== undefined) resolve(found)
        }
        demo.stdout.on('data', look)
        demo.once('close', () => reject(new Error(`ended without ${pattern}:\n${output}`)))
      })
    return { exitCode, saw, output: () => output }
  }

  async function expectNothingLeft() {
    // the loader of TypeScript keeps a cache of its own there
    const left = readdirSync(room).filter((name) => !name.startsWith('tsx-'))
    expect(left).toEqual([])
    // whoever watches over what the demo starts ends a moment after it
    await expect.poll(() => processesOf(room)).toEqual([])
  }
})

describe('demand', () => {
  it('draws in proportion to the weights, never a weight of 0', () => {
    const weights = [5, 0, 1, 94, 0, 900]
    const draws = 200_000
    const random = seededRandom(7)
    const draw = proportionalSampler(weights)
    const seen = weights.map(() => 0)
    for (let i = 0; i < draws; i++) seen[draw(random)]!++
    for (const [index, weight] of weights.entries()) {
      const share = weight / 1_000
      const standardError = Math.sqrt(draws * share * (1 - share))
      expect(Math.abs(seen[index]! - draws * share)).toBeLessThanOrEqual(4 * standardError)
    }
  })

  it('repeats itself with the seed and differs with another', () => {
    const draw = proportionalSampler(Array.from({ length: 1_000 }, (_, index) => index))
    const sequence = (seed: number) => {
      const random = seededRandom(seed)
      return Array.from({ length: 50 }, () => draw(random))
    }
    expect(sequence(1)).toEqual(sequence(1))
    expect(sequence(1)).not.toEqual(sequence(2))
  })

  it('refuses weights from which nothing can be drawn', () => {
    expect(() => proportionalSampler([])).toThrow(RangeError)
    expect(() => proportionalSampler([0, 0])).toThrow(RangeError)
    expect(() => proportionalSampler([1, -1])).toThrow('weights[1] is -1')
    expect(() => proportionalSampler([Number.NaN])).toThrow(RangeError)
  })
})

describe('options of the demo', () => {
  it('come from flags, then from the environment, then from defaults', () => {
    const env = { CITIES_REQUESTS: '500', CITIES_SEED: '3' }
    const options = readOptions(['--requests', '600', '--once'], env)
    expect(options).toMatchObject({ requests: 600, seed: 3, visitors: 16, once: true })
  })

  it('name option, value and range when they refuse', () => {
    const refusal = "--requests is '5'; give a whole number from 100 to 200000"
    expect(() => readOptions(['--requests', '5'], {})).toThrow(refusal)
    expect(() => readOptions([], { PORT: '70000' })).toThrow("PORT is '70000'")
    expect(() => readOptions(['--request', '5'], {})).toThrow('--request')
    expect(() => readOptions([], { REDIS_URL: 'nonsense' })).toThrow('REDIS_URL cannot be read')
  })
})

it('names are compared without accents and case', () => {
  expect(plainName('  São  Paulo ')).toBe('sao paulo')
})

function hitRatio(output: string): number {
  return Number(/hit ratio, memory +– +([\d.]+) %/.exec(output)?.[1])
}

async function status(url: string): Promise<number> {
  const response = await fetch(url)
  await response.arrayBuffer()
  return response.status
}

/** Processes that were started with `room` as their place for temporary files, or work in it. */
function processesOf(room: string): string[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || pid === String(process.pid)) return false
    return ['environ', 'cmdline'].some((file) => readIfThere(`/proc/${pid}/${file}`).includes(room))
  })
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
