/** The demo's end of the channel to its visitors: one order at a time, one answer each. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { CrowdNews, CrowdOrder, CrowdRun } from './crowd-messages.js'
import type { Teardown } from './teardown.js'

const LEAVE_DEADLINE_MS = 2_000

export class Crowd {
  readonly #child: ChildProcess

  constructor(seed: number, teardown: Teardown) {
    const script = fileURLToPath(new URL('./visitors.ts', import.meta.url))
    this.#child = teardown.own('visitors', () => fork(script, [String(seed)]), sendHome)
  }

  /** Resolves when every request has been answered. Rejects at the first that failed. */
  walk(order: CrowdOrder, onProgress: (answered: number) => void): Promise<CrowdRun> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        this.#child.off('message', listen)
        this.#child.off('exit', leave)
        settle()
      }
      const listen = (message: CrowdNews) => {
        if (message.news === 'progress') onProgress(message.answered)
        else if (message.news === 'done') finish(() => resolve(message.run))
        else finish(() => reject(new Error(`a visitor failed: ${message.reason}`)))
      }
      const leave = () => finish(() => reject(new Error('the visitors have left')))
      this.#child.on('message', listen)
      this.#child.on('exit', leave)
      this.#child.send(order)
    })
  }

  /** Lets visitors in at a gentle pace until the end. */
  stroll(baseUrl: string, visitsPerSecond: number): void {
    const order: CrowdOrder = { order: 'stroll', baseUrl, visitsPerSecond }
    this.#child.send(order)
  }
}

async function sendHome(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const left = once(child, 'exit')
  if (child.connected) child.disconnect()
  const kill = setTimeout(() => child.kill('SIGKILL'), LEAVE_DEADLINE_MS)
  try {
    await left
  } finally {
    clearTimeout(kill)
  }
}
