/**
 * The child process in which subjects live. It does what its parent says and is otherwise idle.
 *
 * Ends when the parent goes: an IPC channel that closes is the signal.
 */
import type { Round, Runner, Setting, Subjects } from './bench.js'

export type HostRequest =
  | {
      readonly op: 'start'
      readonly id: number
      readonly handle: number
      readonly module: string
      readonly subject: string
      readonly setting: Setting
    }
  | {
      readonly op: 'run'
      readonly id: number
      readonly handle: number
      readonly round: number
      readonly step: string
    }
  | { readonly op: 'stop'; readonly id: number; readonly handle: number }

export interface HostReply {
  readonly id: number
  readonly round?: Round
  readonly error?: string
}

const runners = new Map<number, Runner>()

async function answer(request: HostRequest): Promise<Round | undefined> {
  if (request.op === 'start') {
    const { subjects } = (await import(request.module)) as { subjects: Subjects }
    const start = subjects[request.subject]
    if (start === undefined) throw new Error(`no subject '${request.subject}'`)
    runners.set(request.handle, await start(request.setting))
    return undefined
  }
  const runner = runners.get(request.handle)
  if (runner === undefined) throw new Error('the subject was not started')
  if (request.op === 'run') return runner.run(request.round, request.step)
  runners.delete(request.handle)
  await runner.stop()
  return undefined
}

process.on('message', (request: HostRequest) => {
  answer(request).then(
    (round) => process.send?.({ id: request.id, round } as HostReply),
    (error: unknown) => {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
      process.send?.({ id: request.id, error: text } as HostReply)
    },
  )
})
// reason for exit: a subject may hold timers and sockets that would keep the process alive.
process.once('disconnect', () => process.exit(0))
