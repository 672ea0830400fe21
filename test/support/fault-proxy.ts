/**
 * A TCP proxy on loopback that misbehaves on request, for what a signal to the server cannot show.
 *
 * Faults hold for connections old and new from the moment they are set. Backpressure bounds what it
 * buffers; replies that are dropped are not kept. A connection that has lost replies is no TCP any
 * more: after `silence`, `reset` before another fault is set, unless the client is to notice.
 * `jitter` draws from a seed, so a run can be repeated.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { Transform, type TransformCallback } from 'node:stream'
import { seededRandom } from '../../src/testing/seeded-random.js'

export type ProxyFault =
  | { readonly kind: 'pass' }
  /** Each reply comes `delayMs` late, give or take the seeded `jitterMs`. */
  | { readonly kind: 'delay'; readonly delayMs: number; readonly jitterMs?: number }
  /** Requests arrive, replies vanish. */
  | { readonly kind: 'silence' }
  /** Requests arrive, replies wait; all of them come when another fault is set. */
  | { readonly kind: 'stall' }
  /** Replies vanish on connections that have subscribed; those are cut when the fault ends. */
  | { readonly kind: 'no-pushes' }
  /** Requests come in pieces of so many bytes: what others ask is executed in between. */
  | { readonly kind: 'pieces'; readonly pieceBytes: number }
  /** New connections are closed as soon as they come; old ones live on. */
  | { readonly kind: 'refuse' }

const MAX_SUBSCRIBE_BYTES = 1_024
/** As Redis and Postgres are asked to push. */
const SUBSCRIBE = /\r\nsubscribe\r\n|LISTEN "/i

export interface FaultProxy {
  readonly port: number
  /** Connections accepted since the start. */
  readonly accepted: number
  /** Sockets of either side that are open now. */
  readonly open: number
  set(fault: ProxyFault): void
  /** Cuts every connection with a RST. */
  reset(): void
  close(): Promise<void>
}

/** A proxy in front of `targetPort` on loopback. */
export async function startFaultProxy(targetPort: number, seed = 1): Promise<FaultProxy> {
  const proxy = new LoopbackProxy(targetPort, seed)
  await proxy.listen()
  return proxy
}

class LoopbackProxy implements FaultProxy {
  readonly #targetPort: number
  readonly #random: () => number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #subscribed = new Set<Socket>()
  #fault: ProxyFault = { kind: 'pass' }
  #stalled: (() => void)[] = []
  accepted = 0

  constructor(targetPort: number, seed: number) {
    this.#targetPort = targetPort
    this.#random = seededRandom(seed)
    this.#server = createServer((downstream) => this.#accept(downstream))
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  get open(): number {
    return this.#sockets.size
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(0, '127.0.0.1', resolve)
    })
  }

  set(fault: ProxyFault): void {
    if (this.#fault.kind === 'no-pushes' && fault.kind !== 'no-pushes') {
      for (const downstream of this.#subscribed) downstream.resetAndDestroy()
    }
    this.#fault = fault
    if (fault.kind === 'stall') return
    const stalled = this.#stalled
    this.#stalled = []
    for (const forward of stalled) forward()
  }

  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }

  #accept(downstream: Socket): void {
    this.accepted += 1
    if (this.#fault.kind === 'refuse') {
      downstream.resetAndDestroy()
      return
    }
    const upstream = connect({ host: '127.0.0.1', port: this.#targetPort })
    for (const [socket, other] of [
      [downstream, upstream],
      [upstream, downstream],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        this.#sockets.delete(socket)
        this.#subscribed.delete(socket)
        other.destroy()
      })
    }
    downstream.on('data', (chunk) => {
      const isSmall = chunk.length < MAX_SUBSCRIBE_BYTES
      if (isSmall && SUBSCRIBE.test(chunk.toString('latin1'))) this.#subscribed.add(downstream)
    })
    const cut = (chunk: Buffer, _: unknown, done: TransformCallback) =>
      this.#cut(chunk, pieces, done)
    const pieces = new Transform({ transform: cut })
    // Else two small messages in a row are 40 ms apart: an acknowledgement is waited for.
    upstream.setNoDelay(true)
    downstream.setNoDelay(true)
    downstream.pipe(pieces).pipe(upstream)
    upstream.on('data', (chunk) => this.#reply(chunk, upstream, downstream))
  }

  /** A turn of the event loop between two pieces, so that each is sent by itself. */
  #cut(chunk: Buffer, pieces: Transform, done: TransformCallback): void {
    const fault = this.#fault
    if (fault.kind !== 'pieces' || chunk.length <= fault.pieceBytes) {
      done(null, chunk)
      return
    }
    pieces.push(chunk.subarray(0, fault.pieceBytes))
    setImmediate(() => this.#cut(chunk.subarray(fault.pieceBytes), pieces, done))
  }

  #reply(chunk: Buffer, upstream: Socket, downstream: Socket): void {
    const fault = this.#fault
    const isMute = fault.kind === 'no-pushes' && this.#subscribed.has(downstream)
    if (fault.kind === 'silence' || isMute || downstream.destroyed) return
    // One chunk under way at a time keeps the order and bounds the buffer.
    upstream.pause()
    const forward = (): void => {
      if (downstream.destroyed) return
      downstream.write(chunk, () => upstream.resume())
    }
    if (fault.kind === 'stall') this.#stalled.push(forward)
    else if (fault.kind !== 'delay') forward()
    else setTimeout(forward, fault.delayMs + (fault.jitterMs ?? 0) * (this.#random() * 2 - 1))
  }
}
