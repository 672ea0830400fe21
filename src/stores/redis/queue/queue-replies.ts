/** What the scripts of a queue answer: writes as they are stored, and dead letters. */
import type { DeadLetter, WaitingWrite, WriteOp } from '../../../core/write-queue.js'

export function numberIn(text: Buffer): number | undefined {
  return text.length === 0 ? undefined : Number(String(text))
}

export function pairs(flat: readonly Buffer[]): (readonly [key: Buffer, stored: Buffer])[] {
  const all: (readonly [Buffer, Buffer])[] = []
  for (let i = 0; i + 1 < flat.length; i += 2) all.push([flat[i]!, flat[i + 1]!])
  return all
}

const BAR = '|'.charCodeAt(0)

/** The text up to the next bar, and where it goes on. */
function field(bytes: Buffer, from: number): [text: string, next: number] {
  const bar = bytes.indexOf(BAR, from)
  return [bytes.toString('latin1', from, bar), bar + 1]
}

export function readWrite(key: string, stored: Buffer, from = 0): WaitingWrite {
  const [version, afterVersion] = field(stored, from)
  const [attempts, afterAttempts] = field(stored, afterVersion)
  const [op, afterOp] = field(stored, afterAttempts)
  return {
    key,
    op: op as WriteOp,
    version: Number(version),
    attempts: Number(attempts),
    // A copy: what the socket read is larger, and this may be kept for long.
    bytes: Uint8Array.from(stored.subarray(afterOp)),
  }
}

export function readLetter(key: string, letter: Buffer): DeadLetter {
  const [diedAt, afterDiedAt] = field(letter, 0)
  const [length, from] = field(letter, afterDiedAt)
  const end = from + Number(length)
  return {
    ...readWrite(key, letter, end),
    error: letter.toString('utf8', from, end),
    diedAtWallMs: Number(diedAt),
  }
}
