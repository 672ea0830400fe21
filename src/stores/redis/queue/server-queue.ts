/**
 * One server as the place of queues of writes: its scripts, what it must be for a durability, and
 * what confirms that a write has reached it.
 */
import { isCacheError } from '../../../core/errors.js'
import { invalidOption } from '../../../core/option-reading.js'
import type { Durability } from '../../../core/write-queue.js'
import { awayError, failedError } from '../call-errors.js'
import type { ConnectionSource, RedisLink } from '../connection.js'
import { infoOf } from '../server-info.js'
import type { Answered, QueuePlace, RunScript } from './redis-write-queue.js'
import { checkEviction, checkReplicas } from './server-terms.js'
import { WriteConfirms } from './write-confirms.js'

export class ServerQueue implements QueuePlace {
  readonly isOneServer = true
  readonly #link: ConnectionSource
  readonly #dial: (() => RedisLink) | undefined
  readonly #runScript: RunScript
  readonly #confirms = new Map<Durability, WriteConfirms>()

  /** `dial`: one more link to the server, not opened yet. `runScript`: over `link`. */
  constructor(link: ConnectionSource, dial: (() => RedisLink) | undefined, runScript: RunScript) {
    this.#link = link
    this.#dial = dial
    this.#runScript = runScript
  }

  async prepare(durability: Durability): Promise<void> {
    const { connection } = this.#link
    if (connection === undefined) throw awayError('prepare', this.#link.downCause)
    try {
      const info = await infoOf(connection)
      checkEviction(info)
      if (durability === 'replica') checkReplicas(info)
      if (durability !== 'memory') await this.#confirmsOf(durability).prepare()
    } catch (cause) {
      throw isCacheError(cause) ? cause : failedError('prepare', cause)
    }
  }

  async run(...call: Parameters<RunScript>): Promise<Answered> {
    const { epoch } = this.#link
    const reply = await this.#runScript(...call)
    const confirm: Answered['confirm'] = async (durability, markKey, limitMs) => {
      if (durability === 'memory') return
      await this.#confirmsOf(durability).confirm(epoch, markKey, limitMs)
    }
    return { reply, confirm }
  }

  close(): void {
    for (const confirms of this.#confirms.values()) confirms.close()
  }

  #confirmsOf(durability: Durability): WriteConfirms {
    const known = this.#confirms.get(durability)
    if (known !== undefined) return known
    if (this.#dial === undefined) {
      throw invalidOption('writeBehind', 'durability', durability, ONLY_MEMORY)
    }
    const confirms = new WriteConfirms(durability, this.#link, this.#dial)
    this.#confirms.set(durability, confirms)
    return confirms
  }
}

const ONLY_MEMORY = "'memory' on a client that makes no second connection: it has no duplicate()"
