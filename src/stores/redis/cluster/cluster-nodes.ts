/**
 * The masters of a cluster and the slots that they have.
 *
 * Asks two nodes a second what they know, more often while something is missing. What a node says
 * of itself counts for nothing: a master that was cut off does not know that another took its
 * place. So a node is trusted for 2 s from when another one, in touch with the majority, named it,
 * the same bound as that of the lease on memory; alone in its cluster it is trusted on its word.
 * Views of an older epoch are passed over.
 *
 * Bounded: one connection for each master that the cluster tells of, and for the seeds until one of
 * those is there.
 */
import type { StoreListener } from '../../../core/contracts.js'
import type { DialedLink } from '../dialed-link.js'
import { TRUST_MS } from '../trust-ms.js'
import { ClusterNode, type Greeting } from './cluster-node.js'
import type { ClusterView } from './cluster-view.js'
import { Presence } from './presence.js'
import { SlotOwners } from './slot-owners.js'
import { Turns } from './turns.js'

export interface ClusterNodesOptions {
  /** `host:port` of some nodes. */
  readonly seeds: readonly string[]
  /** A link to a node, not opened yet. */
  readonly dial: (address: string) => DialedLink
  /** Fences what a server may have brought back. Resolves to `false` where it is too early. */
  readonly admit: (met: Greeting) => Promise<boolean>
  /** Of the logs that hear of fills. */
  readonly logNames: string[]
}

const BEAT_MS = 1_000
const URGENT_MS = 150
/** A node that was pointed to is kept for so long. */
const WANTED_MS = 10_000

export class ClusterNodes {
  readonly #options: ClusterNodesOptions
  readonly #nodes = new Map<string, ClusterNode>()
  readonly #owners = new SlotOwners()
  readonly #admitting = new Set<ClusterNode>()
  #presence: Presence | undefined
  readonly #turns = new Turns(() => this.#turn())
  #timer: NodeJS.Timeout | undefined
  #dueAtMs = Number.POSITIVE_INFINITY
  #isAsking = false
  #asked = 0
  #isClosed = false
  #lastCause: unknown = new Error('no node of the cluster was reached yet')

  constructor(options: ClusterNodesOptions) {
    this.#options = options
  }

  open(listener: StoreListener): void {
    this.#presence = new Presence(listener)
    this.#turns.setDeadline(listener.readDeadlineMs)
    for (const seed of this.#options.seeds) this.#ensure(seed)
  }

  /** For how long a call may be redirected and still be in time. */
  get patienceMs(): number {
    return this.#turns.patienceMs
  }

  /** Rises whenever a slot has another owner. */
  get version(): number {
    return this.#owners.version
  }

  /** Those that have slots. */
  get masters(): readonly ClusterNode[] {
    return this.#owners.masters
  }

  /** Who has the slot, if it is known to have it still; it need not be admitted. */
  heardOwner(slot: number): ClusterNode | undefined {
    const owner = this.trustedOwner(slot)
    return owner?.isGreeted === true ? owner : undefined
  }

  /** Who has the slot, if another node said so of late. */
  trustedOwner(slot: number): ClusterNode | undefined {
    const owner = this.#owners.at(slot)
    return owner !== undefined && this.#isTrusted(owner) ? owner : undefined
  }

  /** As SlotOwners tells it: what is asked of the slot must wait. */
  drained(slot: number): Promise<void> | undefined {
    return this.#owners.drained(slot)
  }

  /** Why a call to the slot is not sent. */
  downCause(slot: number): unknown {
    if (this.#isClosed) return new Error('the store is closed')
    return this.#owners.at(slot)?.downCause ?? this.#lastCause
  }

  /** A node that a slot is on its way to; it may have none yet. */
  nodeAt(address: string): ClusterNode {
    const node = this.#ensure(address)
    node.wantedUntilMs = performance.now() + WANTED_MS
    return node
  }

  /** A node said that another has the slot. Resolves once that can be asked, or it is too late. */
  async learn(slot: number, address: string, untilMs: number): Promise<void> {
    const node = this.nodeAt(address)
    // Only a node that is no owner of it says so.
    node.confirmedAtMs = Math.max(node.confirmedAtMs, performance.now() - TRUST_MS / 2)
    if (this.#owners.set(slot, node)) this.#askSoon(0)
    while (!node.isAdmitted && performance.now() < untilMs && !this.#isClosed) {
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }

  /** Asks anew. Resolves when an answer was heard, or could not be. Never rejects. */
  async refresh(): Promise<void> {
    const asked = this.#nextAsked()
    // Where all of them have gone, the names that were given may lead to others.
    if (asked.length === 0) for (const seed of this.#options.seeds) this.#ensure(seed)
    await Promise.all(asked.map((node) => this.#ask(node)))
  }

  /** Drops the connections that have gone silent. */
  reconnect(): void {
    for (const node of this.#nodes.values()) if (!node.isGreeted) node.link.reconnect()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#turns.end()
    clearTimeout(this.#timer)
    await Promise.all([...this.#nodes.values()].map((node) => node.close()))
  }

  #isTrusted(node: ClusterNode): boolean {
    return performance.now() - node.confirmedAtMs < TRUST_MS
  }

  #isUsable(node: ClusterNode): boolean {
    return node.isAdmitted && this.#isTrusted(node)
  }

  #turn(): boolean {
    let isWaiting = false
    for (const node of this.#nodes.values()) isWaiting = node.turn() || isWaiting
    this.#tell()
    return isWaiting
  }

  #ensure(address: string): ClusterNode {
    const known = this.#nodes.get(address)
    if (known !== undefined) return known
    const { dial, logNames } = this.#options
    const node = new ClusterNode(address, dial, logNames, () => this.#turns.take())
    this.#nodes.set(address, node)
    node.link.open({
      onUp: () => void this.#meet(node),
      onDown: (cause) => {
        this.#fail(node, cause)
        this.#askSoon(0)
        this.#tell()
      },
    })
    return node
  }

  /** A connection came up: whoever is there now may be another server than before. */
  async #meet(node: ClusterNode): Promise<void> {
    await this.#greet(node)
    this.#askSoon(0)
    await this.#admitAll()
  }

  /** Those that were met, once the log can number them. */
  async #admitAll(): Promise<void> {
    const isMet = (node: ClusterNode) => node.isGreeted && !node.isAdmitted
    const met = [...this.#nodes.values()].filter(isMet)
    await Promise.all(met.map((node) => this.#admit(node)))
  }

  async #admit(node: ClusterNode): Promise<void> {
    const { greeting } = node
    if (greeting === undefined || this.#admitting.has(node)) return
    this.#admitting.add(node)
    try {
      const isFenced = await this.#options.admit(greeting)
      if (!isFenced) return this.#askSoon(URGENT_MS)
      // Another server may have been met at this address meanwhile.
      if (node.greeting !== greeting || !node.isGreeted || this.#isClosed) return
      node.admit()
      this.#tell()
      this.#presence?.tellAgain()
    } catch (cause) {
      this.#fail(node, cause)
      this.#askSoon(URGENT_MS)
    } finally {
      this.#admitting.delete(node)
    }
  }

  #greet(node: ClusterNode): Promise<void> {
    return node.greet().catch((cause: unknown) => this.#fail(node, cause))
  }

  #fail(node: ClusterNode, cause: unknown): void {
    node.hasFailed = true
    this.#lastCause = cause
  }

  #askSoon(delayMs: number): void {
    const dueAtMs = performance.now() + delayMs
    if (this.#isClosed || this.#isAsking || dueAtMs >= this.#dueAtMs) return
    clearTimeout(this.#timer)
    this.#dueAtMs = dueAtMs
    this.#timer = setTimeout(() => void this.#beat(), delayMs).unref()
  }

  async #beat(): Promise<void> {
    this.#isAsking = true
    await this.refresh()
    const heard = this.masters.filter((node) => node.isGreeted)
    await Promise.all(heard.map((node) => node.measure().catch(() => {})))
    await this.#meetAgain()
    this.#isAsking = false
    this.#tell()
    this.#dueAtMs = Number.POSITIVE_INFINITY
    const isWhole = this.masters.length > 0 && this.masters.every((node) => this.#isUsable(node))
    // Spread, so that the processes that lost a node do not ask as one.
    const everyMs = isWhole ? BEAT_MS : URGENT_MS * (0.75 + Math.random() / 2)
    this.#askSoon(everyMs)
  }

  /** Those that could not be greeted, such as one that was no master yet. */
  async #meetAgain(): Promise<void> {
    const unmet = this.masters.filter((node) => !node.isGreeted && node.link.connection)
    await Promise.all(unmet.map((node) => this.#greet(node)))
    await this.#admitAll()
  }

  /** Two at a time: what one says of itself the other confirms. */
  #nextAsked(): readonly ClusterNode[] {
    const able = [...this.#nodes.values()].filter(({ link }) => link.connection !== undefined)
    if (able.length <= 2) return able
    this.#asked = (this.#asked + 2) % able.length
    return [able[this.#asked]!, able[(this.#asked + 1) % able.length]!]
  }

  async #ask(node: ClusterNode): Promise<void> {
    const sentAtMs = performance.now()
    try {
      const view = await node.view()
      if (!this.#isClosed) this.#take(view, node, sentAtMs)
    } catch (cause) {
      this.#lastCause = cause
    }
  }

  #take(view: ClusterView, from: ClusterNode, sentAtMs: number): void {
    if (view.ranges.length === 0) return
    const owners = this.#owners
    const isTaken = owners.take(view, (address) => this.#ensure(address))
    if (isTaken === 'older' || !view.isOk) return
    const isAlone = owners.masters.length === 1
    const named = new Set(view.ranges.map(({ address }) => address))
    for (const node of owners.masters) {
      // Others may have been learned of since: this view says nothing of those.
      if (!named.has(node.address) || (node === from && !isAlone)) continue
      node.confirmedAtMs = Math.max(node.confirmedAtMs, sentAtMs)
    }
    if (owners.masters.some((node) => node.isAdmitted)) this.#closeOthers()
    // Whoever has the log may only now be known to have it.
    void this.#admitAll()
    if (isTaken === 'changed') this.#presence?.tellAgain()
    this.#tell()
  }

  /** Seeds under other names, replicas, and masters that have no slot any more. */
  #closeOthers(): void {
    const masters = new Set(this.masters)
    for (const [address, node] of this.#nodes) {
      if (masters.has(node) || performance.now() < node.wantedUntilMs) continue
      this.#nodes.delete(address)
      void node.close()
    }
  }

  #tell(): void {
    if (this.#isClosed) return
    const expected = this.masters.length > 0 ? this.masters : [...this.#nodes.values()]
    const nodes = expected.map((node) => {
      return { isUsable: this.#isUsable(node), hasFailed: node.hasFailed }
    })
    this.#presence?.check(nodes, this.#lastCause)
  }
}
