/**
 * The `Store` contract over a Redis Cluster, by whichever client carries it.
 *
 * Each call is cut by slots, since a node refuses commands and scripts whose keys lie in several;
 * all parts of a tick go out together, one write to each node. A part that fails is told by itself:
 * a node that is away makes misses of its own keys and of no others. Answers come when the slowest
 * part is there, or its node was given up on (cluster-node.ts).
 *
 * Costs one round trip as on one server, one more where a slot has just moved, and one more for a
 * record of the log that tells of writes. Each part is a command of its own.
 */
import { asStoreError } from '../../../core/as-store-error.js'
import type {
  Expiry,
  LeaseAnswer,
  LeaseRequest,
  Store,
  StoreAbilities,
  StoreFill,
  StoreListener,
  StoreWrite,
} from '../../../core/contracts.js'
import type { CacheError } from '../../../core/errors.js'
import type { Log } from '../../../core/log.js'
import { PartialFailure } from '../../../core/partial-failure.js'
import type { StoreHealth } from '../../../core/store-health.js'
import type { WriteQueue } from '../../../core/write-queue.js'
import { awayError, failedError } from '../call-errors.js'
import type { RedisLink } from '../connection.js'
import type { DialedLink } from '../dialed-link.js'
import { RedisWriteQueue } from '../queue/redis-write-queue.js'
import { clusterHealth } from './cluster-health.js'
import { ClusterLog } from './cluster-log.js'
import type { ClusterNode, Greeting, NodeCall } from './cluster-node.js'
import { ClusterNodes } from './cluster-nodes.js'
import { keySlot } from './key-slot.js'
import { partsBySlot } from './parts-by-slot.js'
import { SlotCalls } from './slot-calls.js'
import { UnderWay } from './under-way.js'

export interface ClusterDials {
  /** `host:port` of some nodes. */
  readonly seeds: readonly string[]
  /** A link to the node of that address. */
  node(address: string): DialedLink
  /** A link for pushes, to whichever address is told at each attempt. */
  subscriber(addressOf: () => string | undefined): DialedLink
}

type PartCall<I, A> = (
  part: readonly I[],
  ...to: Parameters<NodeCall<unknown>>
) => Promise<readonly A[]>

export class ClusterStore implements Store {
  readonly name = 'redis'
  readonly abilities: StoreAbilities = Object.freeze({ shared: true, atomic: true, durable: true })
  readonly #dials: ClusterDials
  readonly #nodes: ClusterNodes
  readonly #calls: SlotCalls
  readonly #logs: ClusterLog[] = []
  readonly #logNames: string[] = []
  readonly #writes = new UnderWay()

  constructor(dials: ClusterDials) {
    this.#dials = dials
    this.#nodes = new ClusterNodes({
      seeds: dials.seeds,
      dial: (address) => dials.node(address),
      admit: (met) => this.#admit(met),
      logNames: this.#logNames,
    })
    this.#calls = new SlotCalls(this.#nodes)
  }

  open(listener: StoreListener): void {
    this.#nodes.open(listener)
  }

  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#each('getMany', keys, itself, (part, store) => store.getMany(part))
  }

  leaseMany(
    requests: readonly LeaseRequest[],
    expiry: Expiry,
    notAfterWallMs?: number,
  ): Promise<readonly LeaseAnswer[]> {
    return this.#each('leaseMany', requests, keyOf, (part, store, node) =>
      store.leaseMany(part, expiry, this.#onClockOf(node, 'leaseMany', notAfterWallMs)),
    )
  }

  fillMany(fills: readonly StoreFill[]): Promise<readonly boolean[]> {
    return this.#writes.add(
      this.#each('fillMany', fills, keyOf, (part, store) => store.fillMany(part)),
    )
  }

  async setMany(writes: readonly StoreWrite[], notAfterWallMs?: number): Promise<void> {
    const send: PartCall<StoreWrite, undefined> = async (part, store, node) => {
      await store.setMany(part, this.#onClockOf(node, 'setMany', notAfterWallMs))
      return NOTHING
    }
    await this.#writes.add(this.#each('setMany', writes, keyOf, send))
  }

  async deleteMany(keys: readonly string[], holdOffMs = 0, only?: Expiry): Promise<number> {
    // A part tells how many there were: its first key stands for all of them.
    const send: PartCall<string, number> = async (part, store) => {
      return [await store.deleteMany(part, holdOffMs, only)]
    }
    const counts = await this.#writes.add(this.#each('deleteMany', keys, itself, send))
    return counts.reduce((sum: number, count) => sum + (count ?? 0), 0)
  }

  patch(key: string, offset: number, patch: Uint8Array, ttlMs: number): Promise<boolean> {
    return this.#one('patch', key, (store) => store.patch(key, offset, patch, ttlMs))
  }

  increment(
    key: string,
    by: number,
    head: Uint8Array,
    ttlMs: number,
    limits?: readonly Expiry[],
  ): Promise<number> {
    return this.#one('increment', key, (store) => store.increment(key, by, head, ttlMs, limits))
  }

  /**
   * Node by node. Rejects where a slot moves meanwhile: its keys could be missed on the one and on
   * the other.
   */
  async *scan(prefix: string): AsyncGenerator<readonly string[]> {
    try {
      await this.#nodes.refresh()
      const { version } = this.#nodes
      await this.#checkSettled(version)
      for (const node of this.#nodes.masters) yield* node.store.scan(prefix)
      await this.#nodes.refresh()
      await this.#checkSettled(version)
    } catch (error) {
      throw partly(error)
    }
  }

  log(name: string): Log {
    const link: RedisLink = this.#dials.subscriber(() => this.#nodes.heardOwner(log.slot)?.address)
    const log: ClusterLog = new ClusterLog(name, this.#nodes, link, () => this.#writes.settled())
    this.#logs.push(log)
    this.#logNames.push(name)
    return log
  }

  bornFloor(key: string): number {
    const log = this.#logOf(key)
    return log === undefined ? 0 : log.floors.at(keySlot(key))
  }

  writeQueue(name: string, partitions: number): WriteQueue {
    return new RedisWriteQueue(name, partitions, {
      isOneServer: false,
      prepare: async (durability) => {
        await Promise.all(this.#nodes.masters.map(({ store }) => store.queues.prepare(durability)))
      },
      run: (op, script, keys, args, notAfterWallMs) =>
        this.#one(op, keys[0]!, (store, node) => {
          const limit = this.#onClockOf(node, op, notAfterWallMs)
          return store.queues.run(op, script, keys, args, limit)
        }),
    })
  }

  /** Resolves if any node answers. */
  async ping(): Promise<void> {
    const { masters } = this.#nodes
    const answers = masters.map((node) => node.call('ping', (store) => store.ping()))
    try {
      await Promise.any(answers)
    } catch {
      throw awayError('ping', this.#nodes.downCause(0))
    }
  }

  health(): Promise<StoreHealth> {
    return clusterHealth(this.#nodes.masters)
  }

  reconnect(): void {
    this.#nodes.reconnect()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#logs.map((log) => log.close()), this.#nodes.close()])
  }

  /**
   * All that a server may have brought back is fenced for every cache on this store; too early
   * while it is not known who has its log.
   */
  async #admit(met: Greeting): Promise<boolean> {
    const isHeard = ({ slot }: ClusterLog) => this.#nodes.heardOwner(slot) !== undefined
    if (!this.#logs.every(isHeard)) return false
    await Promise.all(this.#logs.map((log) => log.floors.admit(met, log)))
    return true
  }

  #logOf(key: string): ClusterLog | undefined {
    return this.#logs.find((log) => log.covers(key))
  }

  /** A moment by the clock of the log's node, by that of another: not later, rather earlier. */
  #onClockOf(node: ClusterNode, op: string, notAfterWallMs: number | undefined) {
    const [log] = this.#logs
    if (notAfterWallMs === undefined || log === undefined) return notAfterWallMs
    const owner = this.#nodes.heardOwner(log.slot)
    if (owner === node) return notAfterWallMs
    if (owner === undefined) throw awayError(op, this.#nodes.downCause(log.slot))
    return notAfterWallMs + node.clock.leastAheadMs - owner.clock.mostAheadMs
  }

  /** A node that is away is a part of the store that is, also where one key was asked for. */
  async #one<T>(op: string, key: string, send: NodeCall<T>): Promise<T> {
    try {
      return await this.#writes.add(this.#calls.run(op, keySlot(key), send))
    } catch (error) {
      throw partly(error)
    }
  }

  async #each<I, A>(
    op: string,
    items: readonly I[],
    name: (item: I) => string,
    send: PartCall<I, A>,
  ): Promise<readonly A[]> {
    if (items.length === 0) return []
    const answers = new Array<A | CacheError>(items.length)
    let failure: CacheError | undefined
    const run = ({ slot, part, at }: { slot: number; part: readonly I[]; at: readonly number[] }) =>
      this.#calls
        .run(op, slot, (store, node) => send(part, store, node))
        .then(
          (got) =>
            at.forEach((place, i) => {
              answers[place] = got[i]!
            }),
          (error: unknown) => {
            const reason = asStoreError(error)
            failure ??= reason
            for (const place of at) answers[place] = reason
          },
        )
    await Promise.all(this.#together(() => partsBySlot(items, name).map(run)))
    if (failure !== undefined) throw new PartialFailure(answers, failure)
    return answers as A[]
  }

  /** What is sent to a node meanwhile goes out in one write. */
  #together<T>(send: () => T): T {
    const connections = this.#nodes.masters.map(({ link }) => link.connection)
    for (const connection of connections) connection?.cork()
    try {
      return send()
    } finally {
      for (const connection of connections) connection?.uncork()
    }
  }

  async #checkSettled(version: number): Promise<void> {
    const { masters } = this.#nodes
    const areMoving = await Promise.all(masters.map((node) => node.hasMovingSlots()))
    if (this.#nodes.version === version && !areMoving.includes(true) && masters.length > 0) return
    const cause = new Error('slots move from node to node, or some node is away')
    throw failedError('scan', cause)
  }
}

const NOTHING: readonly undefined[] = []

/** The error of a part; what the caller did wrong stays what it is. */
function partly(error: unknown): CacheError {
  const reason = asStoreError(error)
  if (reason.code === 'VALUE_NOT_A_NUMBER') return reason
  return new PartialFailure([reason], reason)
}

function itself(key: string): string {
  return key
}

function keyOf({ key }: { readonly key: string }): string {
  return key
}
