/**
 * The `Log` contract over a cluster: a RedisLog on whichever node has the slot of its keys.
 *
 * A record must not overtake the write that it tells of: a process that heard of it could read the
 * old value and keep it. On one connection the order of sending is enough; here the values lie on
 * other nodes, so an append waits until the writes before it are settled. That is a second round
 * trip, and only where writes are under way.
 *
 * When another node takes the slot over, its run id is another, and so a new epoch begins: also
 * after a slot was moved on purpose.
 */
import { asStoreError } from '../../../core/as-store-error.js'
import type {
  AppendReply,
  FollowReply,
  Invalidation,
  Log,
  LogListener,
  LogMember,
  LogSnapshot,
  TagSeqs,
} from '../../../core/log.js'
import { PartialFailure } from '../../../core/partial-failure.js'
import { awayError } from '../call-errors.js'
import type { RedisLink } from '../connection.js'
import { RedisLog } from '../redis-log.js'
import { runScript } from '../scripts.js'
import type { ClusterNodes } from './cluster-nodes.js'
import { followRedirects } from './follow-redirects.js'
import { keySlot } from './key-slot.js'
import { OwnerLink } from './owner-link.js'
import { LIVES, type LivesBook, SlotFloors } from './slot-floors.js'

/** Marks belong to no process. */
const NOBODY: LogMember = { id: 'cluster', applied: -1, leaseMs: 0 }

export class ClusterLog implements Log, LivesBook {
  readonly name: string
  readonly slot: number
  readonly floors = new SlotFloors()
  readonly #nodes: ClusterNodes
  readonly #owner: OwnerLink
  readonly #keyPrefix: string
  readonly #log: RedisLog
  readonly #writesSettled: () => Promise<void>

  /** `writesSettled`: resolves once the writes that were begun before are settled. */
  constructor(
    name: string,
    nodes: ClusterNodes,
    subscriber: RedisLink,
    writesSettled: () => Promise<void>,
  ) {
    this.name = name
    this.slot = keySlot(`{${name}}!state`)
    this.#nodes = nodes
    this.#owner = new OwnerLink(nodes, this.slot)
    this.#keyPrefix = `${name}:`
    this.#log = new RedisLog(name, this.#owner, subscriber)
    this.#writesSettled = writesSettled
  }

  /** Whether the key is of the cache that this is the log of. */
  covers(key: string): boolean {
    return key.startsWith(this.#keyPrefix)
  }

  join(member: LogMember): Promise<LogSnapshot> {
    return this.#onOwner('join', () => this.#log.join(member))
  }

  follow(member: LogMember): Promise<FollowReply> {
    return this.#onOwner('follow', () => this.#log.follow(member))
  }

  async append(
    member: LogMember,
    invalidations: readonly Invalidation[],
    wantsAcks: boolean,
  ): Promise<AppendReply> {
    await this.#writesSettled()
    return this.#onOwner('append', () => this.#log.append(member, invalidations, wantsAcks))
  }

  ack(to: string, id: string, applied: number): Promise<void> {
    return this.#onOwner('ack', () => this.#log.ack(to, id, applied))
  }

  tagSeqs(tags: readonly string[]): Promise<TagSeqs> {
    return this.#onOwner('tagSeqs', () => this.#log.tagSeqs(tags))
  }

  leave(id: string): Promise<void> {
    return this.#onOwner('leave', () => this.#log.leave(id))
  }

  listen(id: string, listener: LogListener): void {
    this.#log.listen(id, listener)
  }

  close(): Promise<void> {
    return this.#log.close()
  }

  async mark(): Promise<number> {
    const { seq } = await this.#onOwner('append', () => this.#log.append(NOBODY, [], false))
    return seq
  }

  lives(life: string, entry: string): Promise<readonly unknown[]> {
    const keys = [`{${this.name}}!lives`, `{${this.name}}!state`]
    return this.#onOwner('lives', async () => {
      const { connection } = this.#owner
      if (connection === undefined) throw awayError('lives', this.#owner.downCause)
      return (await runScript(connection, LIVES, keys, [life, entry])) as readonly unknown[]
    })
  }

  /** A log that is away is a part of the store that is: no sign against the rest. */
  async #onOwner<T>(op: string, send: () => Promise<T>): Promise<T> {
    const attempt = (): Promise<T> => {
      const owner = this.#nodes.heardOwner(this.slot)
      return owner === undefined ? send() : owner.watch(op, send)
    }
    try {
      return await followRedirects(this.#nodes, this.#nodes.patienceMs, attempt)
    } catch (error) {
      throw new PartialFailure([], asStoreError(error))
    }
  }
}
