/**
 * What the rounds of a proof are played on, one after another: a Redis, two applications and two
 * workers, and processes that wait to take the place of one that is killed. Postgres is that of
 * all stands.
 */
import { type RedisServer, startRedisServer } from '../../support/redis-server.js'
import { MemberProcess } from './member-process.js'
import type { MemberSetting, Role } from './messages.js'
import { EACH } from './plan.js'

const SPARES = 2
/** An answer comes when what it says is on the disk. */
const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always']

export class Stand {
  readonly server: RedisServer
  readonly #file: string
  readonly #setting: MemberSetting
  readonly #all = new Set<MemberProcess>()
  readonly #spares: MemberProcess[] = []
  readonly #members: Record<Role, MemberProcess[]> = { application: [], worker: [] }

  private constructor(server: RedisServer, file: string, postgresUrl: string) {
    this.server = server
    this.#file = file
    this.#setting = { redisUrl: server.url, postgresUrl }
  }

  /** `file`: what runs in each process. `isDurable`: what Redis answers survives it. */
  static async start(file: string, postgresUrl: string, isDurable = true): Promise<Stand> {
    const server = await startRedisServer({ args: isDurable ? DURABLE : [] })
    const stand = new Stand(server, file, postgresUrl)
    try {
      for (let at = 0; at < EACH; at++) {
        stand.#members.application.push(await stand.#next())
        stand.#members.worker.push(await stand.#next())
      }
      return stand
    } catch (error) {
      await stand.end()
      throw error
    }
  }

  members(role: Role): readonly MemberProcess[] {
    return this.#members[role]
  }

  /** Kills one; answers who has its place. */
  async replace(role: Role, at: number): Promise<MemberProcess> {
    const member = this.#members[role][at]!
    await member.kill()
    this.#all.delete(member)
    const next = await this.#next()
    this.#members[role][at] = next
    return next
  }

  async end(): Promise<void> {
    await Promise.allSettled([...this.#all].map((member) => member.kill()))
    await this.server.stop()
  }

  async #next(): Promise<MemberProcess> {
    while (this.#spares.length <= SPARES) {
      const spare = new MemberProcess(this.#file, this.#setting)
      this.#all.add(spare)
      this.#spares.push(spare)
    }
    const next = this.#spares.shift()!
    await next.ready
    return next
  }
}
