/** How a bug is planted in what the tests run: in a class, in a log, in what is written. */
import type { StoreWrite } from '../../src/core/contracts.js'
import type { Log } from '../../src/core/log.js'
import type { SimLink } from './sim-link.js'

/** Replaces a member of a class; returns what puts it back. */
export function replace(target: object, name: string, descriptor: PropertyDescriptor): () => void {
  const original = Object.getOwnPropertyDescriptor(target, name)!
  Object.defineProperty(target, name, { configurable: true, ...descriptor })
  return () => {
    Object.defineProperty(target, name, original)
  }
}

export function allOf(undo: readonly (() => void)[]): () => void {
  return () => {
    for (const each of undo) each()
  }
}

export function onLog(link: SimLink, change: (log: Log) => Log): void {
  const open = link.log.bind(link)
  link.log = (name) => change(open(name))
}

/** Seven bits a byte, as the envelope writes a number of 42 bits. */
function digits(value: number): number[] {
  return [5, 4, 3, 2, 1, 0].map((place) => Math.floor(value / 128 ** place) % 128)
}

const BORN_OFFSET = 13

export function withBorn(write: StoreWrite, born: number): StoreWrite {
  const bytes = Buffer.from(write.bytes as string)
  digits(born).forEach((digit, i) => {
    bytes[BORN_OFFSET + i] = digit
  })
  return { ...write, bytes }
}
