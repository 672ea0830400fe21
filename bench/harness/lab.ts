/**
 * Where a bench runs: it lends processes and a Redis server, and sets subjects side by side.
 *
 * Each subject has a process of its own, so that what one does to the optimizer and the heap is
 * nobody else's. Rounds are interleaved and a ratio is taken within a round only: the machine
 * changes its speed by the second. Rounds are spread over generations of processes, since the
 * optimizer decides differently from start to start: a loop of 15 ns in one may take 35 in another.
 * Tiny runs share one process, since they measure nothing, but for subjects that are about several.
 */
import { pathToFileURL } from 'node:url'
import { Postgres } from '../../test/support/postgres.js'
import { type RedisCluster, startRedisCluster } from '../../test/support/redis-cluster.js'
import { type RedisServer, startRedisServer } from '../../test/support/redis-server.js'
import type { Params, Round, Row, Target } from './bench.js'
import { type Hosted, HostProcess } from './host-process.js'
import { median, spread } from './stats.js'

export interface LabOptions {
  /** The folder of the compiled bench files. */
  readonly compiled: string
  readonly tiny: boolean
  /** Leaves CPU profiles of every host there. */
  readonly profile?: string | undefined
  /** In each generation of processes. */
  readonly rounds?: number | undefined
  /** The folder of public traces of caches. */
  readonly traces?: string | undefined
  readonly onRow?: (row: Row) => void
}

/** A subject in its process; `end` ends both. */
export interface Host extends Hosted {
  end(): Promise<void>
}

/** Subjects of one case. The faster of `bare` is what `ours` are held against. */
export interface Comparison {
  readonly case: string
  readonly params?: Params
  /** In each generation. Default: 2. */
  readonly warmUpRounds?: number
  readonly bare: readonly string[]
  readonly ours: readonly { readonly subject: string; readonly target?: number | undefined }[]
}

const GENERATIONS = 3
/** In each generation. */
const ROUNDS = 3
const WARM_UP_ROUNDS = 2

export class Lab {
  readonly tiny: boolean
  /** The folder of public traces, `undefined` where there is none. */
  readonly traces: string | undefined
  readonly #options: LabOptions
  readonly #module: string
  readonly #hosts = new Set<HostProcess>()
  #shared: HostProcess | undefined
  #redis: RedisServer | undefined
  #cluster: RedisCluster | undefined
  #postgres: Postgres | undefined

  constructor(options: LabOptions, bench: string) {
    this.tiny = options.tiny
    this.traces = options.traces
    this.#options = options
    this.#module = pathToFileURL(`${options.compiled}/${bench}.js`).href
  }

  /** The server of this bench, started when first asked for. */
  async redis(): Promise<RedisServer> {
    this.#redis ??= await startRedisServer()
    return this.#redis
  }

  /** A Postgres of this bench, as its URL. */
  async postgres(): Promise<string> {
    this.#postgres ??= await Postgres.start()
    return this.#postgres.url
  }

  /** A cluster of three masters for this bench, as the addresses of its nodes. */
  async cluster(): Promise<string> {
    this.#cluster ??= await startRedisCluster({ replicas: 0 })
    return this.#cluster.seeds.join()
  }

  /**
   * Starts a subject in its process; `end` ends both. `sharing: 'never'`: a tiny run as well gives
   * it a process of its own.
   */
  async host(
    subject: string,
    params: Params = {},
    sharing: 'in tiny runs' | 'never' = 'in tiny runs',
  ): Promise<Host> {
    const process = this.#process(sharing)
    const redisPort = this.#redis?.port ?? 0
    const hosted = await process.start(this.#module, subject, {
      tiny: this.tiny,
      redisPort,
      params,
    })
    const end = async () => {
      await hosted.stop()
      if (process !== this.#shared) await this.#endHost(process)
    }
    return { ...hosted, end }
  }

  /** Runs all subjects of a case in turn, round after round, and judges each of `ours`. */
  async compare(comparison: Comparison): Promise<Row[]> {
    const { bare, ours, params, warmUpRounds } = comparison
    const names = [...bare, ...ours.map(({ subject }) => subject)]
    const rounds = await this.takeTurns(names, params, warmUpRounds)
    return judge(comparison, rounds).map((row) => this.report(row))
  }

  /** The rounds of each subject, by its name: the first of each ran side by side, and so on. */
  async takeTurns(
    names: readonly string[],
    params?: Params,
    warmUpRounds?: number,
  ): Promise<Map<string, Round[]>> {
    const rounds = new Map<string, Round[]>(names.map((name) => [name, []]))
    for (let generation = 0; generation < (this.tiny ? 1 : GENERATIONS); generation++) {
      const hosted: Host[] = []
      // One after another: the first of a kind seeds the server for the rest.
      for (const name of names) hosted.push(await this.host(name, params))
      const results = await this.#interleave(hosted, warmUpRounds)
      names.forEach((name, at) => {
        rounds.get(name)!.push(...results[at]!)
      })
      await Promise.all(hosted.map(({ end }) => end()))
    }
    return rounds
  }

  /** Tells of a row while the bench still runs. */
  report(row: Row): Row {
    this.#options.onRow?.(row)
    return row
  }

  async close(): Promise<void> {
    await Promise.all([...this.#hosts].map((host) => this.#endHost(host)))
    await this.#redis?.stop()
    await this.#cluster?.stop()
    await this.#postgres?.stop()
  }

  /** The rounds of each subject, in the order of the subjects. */
  async #interleave(hosted: readonly Hosted[], warmUpRounds = WARM_UP_ROUNDS): Promise<Round[][]> {
    const wanted = this.tiny ? 1 : (this.#options.rounds ?? ROUNDS)
    const rounds: Round[][] = hosted.map(() => [])
    for (let round = this.tiny ? 0 : -warmUpRounds; round < wanted; round++) {
      for (let turn = 0; turn < hosted.length; turn++) {
        // Another one begins each time: nobody always follows the same one.
        const at = (turn + Math.abs(round)) % hosted.length
        const result = await hosted[at]!.run(round)
        if (round >= 0) rounds[at]!.push(result)
      }
    }
    return rounds
  }

  #process(sharing: 'in tiny runs' | 'never'): HostProcess {
    const isShared = this.tiny && sharing === 'in tiny runs'
    if (isShared && this.#shared !== undefined) return this.#shared
    const { compiled, profile } = this.#options
    const flags = ['--expose-gc']
    if (profile !== undefined) flags.push('--cpu-prof', '--cpu-prof-dir', profile)
    const host = new HostProcess(`${compiled}/harness/host.js`, flags)
    this.#hosts.add(host)
    if (isShared) this.#shared = host
    return host
  }

  async #endHost(host: HostProcess): Promise<void> {
    this.#hosts.delete(host)
    await host.end()
  }
}

function judge(comparison: Comparison, rounds: ReadonlyMap<string, Round[]>): Row[] {
  const [fastest] = comparison.bare
    .map((name) => ({ name, rounds: rounds.get(name)! }))
    .sort((a, b) => median(a.rounds.map(microsPerCall)) - median(b.rounds.map(microsPerCall)))
  const isRight = agree([...rounds.values()])
  return comparison.ours.map(({ subject, target }) => {
    const own = rounds.get(subject)!
    const ratios = own.map(
      (round, at) => microsPerCall(fastest!.rounds[at]!) / microsPerCall(round),
    )
    return {
      case: comparison.case,
      subject,
      against: fastest!.name,
      unit: '×',
      ...spread(ratios),
      ...(target === undefined ? {} : { target: atLeast(target) }),
      figures: figuresOf(own, fastest!.rounds),
      answers: own[0]!.answers,
      isRight,
    }
  })
}

function figuresOf(own: readonly Round[], bare: readonly Round[]): Record<string, number> {
  const cpu = (round: Round) => (round.cpuMs * 1_000) / round.operations
  return {
    microseconds: median(own.map(microsPerCall)),
    'microseconds bare': median(bare.map(microsPerCall)),
    'CPU microseconds': median(own.map(cpu)),
    'CPU microseconds bare': median(bare.map(cpu)),
    'ratio by CPU': median(own.map((round, at) => cpu(bare[at]!) / cpu(round))),
    ...own.at(-1)!.figures,
  }
}

function microsPerCall(round: Round): number {
  return (round.elapsedMs * 1_000) / round.operations
}

/** Whether all subjects read the same in each round. */
export function agree(subjects: readonly (readonly Round[])[]): boolean {
  const [first] = subjects
  return first!.every((round, at) =>
    subjects.every((rounds) => rounds[at]!.answers === round.answers),
  )
}

export function atLeast(value: number): Target {
  return { sense: 'at least', value }
}

export function atMost(value: number): Target {
  return { sense: 'at most', value }
}
