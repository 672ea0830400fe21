/**
 * A TCP proxy on loopback that misbehaves on request, for what a signal to the server cannot show.
 *
 * Faults hold for connections old and new from the moment they are set. Backpressure bounds what it
 * buffers; replies that are dropped are not kept. `jitter` draws from a seed, so a run can be
 * repeated.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'

export type ProxyFault =
  | { readonly kind: 'pass' }
  /** Each reply comes `delayMs` late, give or take the seeded `jitterMs`. */
  | { readonly kind: 'delay'; readonly delayMs: number; readonly jitterMs?: number }
  /** Requests arrive, replies vanish. */
  | { readonly kind: 'silence' }
  /** New connections are closed as soon as they come; old ones live on. */
  | { readonly kind: 'refuse' }

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
  #fault: ProxyFault = { kind: 'pass' }
  accepted = 0

  constructor(targetPort: number, seed: number) {
    this.#targetPort = targetPort
    this.#random = mulberry32(seed)
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
    this.#fault = fault
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
        other.destroy()
      })
    }
    downstream.pipe(upstream)
    upstream.on('data', (chunk) => this.#reply(chunk, upstream, downstream))
  }

  #reply(chunk: Buffer, upstream: Socket, downstream: Socket): void {
    const fault = this.#fault
    if (fault.kind === 'silence' || downstream.destroyed) return
    // One chunk under way at a time keeps the order and bounds the buffer.
    upstream.pause()
    const forward = (): void => {
      if (downstream.destroyed) return
      downstream.write(chunk, () => upstream.resume())
    }
    if (fault.kind !== 'delay') forward()
    else setTimeout(forward, fault.delayMs + (fault.jitterMs ?? 0) * (this.#random() * 2 - 1))
  }
}

function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
