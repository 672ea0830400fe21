/**
 * One round: load, what goes wrong in it, and when it is over everything drained and read. Bounded
 * by its plan and by how long each process is waited for.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { SqlClient } from '../../../src/patterns/index.js'
import type { AskedWrite, RoundHistory } from './history.js'
import type { MemberProcess } from './member-process.js'
import type { FromMember, Plant, Role } from './messages.js'
import type { Fault, RoundPlan } from './plan.js'
import { deliveriesOf, finalsOf } from './source.js'
import type { Stand } from './stand.js'

/** More than it takes to find Redis again. */
const AFTERWARDS_MS = 600

export async function runRound(
  stand: Stand,
  client: SqlClient,
  plan: RoundPlan,
  plant?: Plant,
): Promise<RoundHistory> {
  const round = new Round(stand, plan, plant)
  await round.play()
  const { keys, seed, partitions, batch } = plan
  const isDrained = await stand.members('worker')[0]!.drain()
  await Promise.all(stand.members('worker').map((member) => member.rest()))
  const got = await stand.members('application')[0]!.read()
  const finals = await finalsOf(client, keys)
  return {
    ...{ seed, partitions, batch, isDrained },
    faults: plan.faults.map(({ kind }) => kind),
    asked: [...round.asked.values()],
    troubles: round.troubles,
    deliveries: await deliveriesOf(client, keys),
    keys: finals.map((final, at) => ({ ...final, got: got[at]! })),
  }
}

class Round {
  /** By process and call. */
  readonly asked = new Map<string, AskedWrite>()
  readonly troubles: string[] = []
  readonly #stand: Stand
  readonly #plan: RoundPlan
  readonly #plant: Plant | undefined
  #processes = 0

  constructor(stand: Stand, plan: RoundPlan, plant: Plant | undefined) {
    this.#stand = stand
    this.#plan = plan
    this.#plant = plant
  }

  async play(): Promise<void> {
    const applications = this.#stand.members('application')
    for (const member of applications) this.#begin(member, 'application')
    for (const member of this.#stand.members('worker')) this.#begin(member, 'worker')
    const loaded = pause(this.#plan.loadMs)
    await Promise.all([loaded, ...this.#plan.faults.map((fault) => this.#suffer(fault))])
    await Promise.all(applications.map((member) => member.rest()))
  }

  #begin(member: MemberProcess, role: Role): void {
    const by = this.#processes++
    member.onTold = (message) => this.#note(by, message)
    member.begin({ plan: this.#plan, role, by, plant: this.#plant })
  }

  #note(by: number, message: FromMember): void {
    if (message.kind === 'asked') {
      const { key, value, call, atMs: askedMs } = message
      const write = { key, value, by, call, askedMs, toldMs: undefined, version: undefined }
      this.asked.set(`${by} ${call}`, write)
    } else if (message.kind === 'told') {
      const { call, version, atMs: toldMs } = message
      const name = `${by} ${call}`
      this.asked.set(name, { ...this.asked.get(name)!, toldMs, version })
    } else if (message.kind === 'trouble') this.troubles.push(message.error)
  }

  async #suffer({ kind, at, afterMs, forMs }: Fault): Promise<void> {
    await pause(afterMs)
    if (kind === 'redis killed') {
      await this.#stand.server.restart('last save')
      // Some writes again, so that those which had failed could come late.
      await pause(AFTERWARDS_MS)
    } else if (kind === 'worker stopped') {
      const worker = this.#stand.members('worker')[at]!
      worker.stop()
      await pause(forMs)
      worker.continue()
    } else {
      const role = kind === 'worker killed' ? 'worker' : 'application'
      this.#begin(await this.#stand.replace(role, at), role)
    }
  }
}
