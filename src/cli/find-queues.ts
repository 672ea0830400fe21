/**
 * The write-behinds among what a module exports. They are known by their verbs: the module may have
 * another copy of the package.
 */
import type { WriteBehind } from '../patterns/index.js'

const VERBS = ['start', 'stop', 'drain', 'status', 'deadLetters', 'replay', 'drop'] as const

export type Queue = Pick<WriteBehind<never, unknown>, (typeof VERBS)[number]>

export interface NamedQueue {
  /** Of its export, and of its place in there: `orders`, `default.orders`, `open.0`. */
  readonly name: string
  readonly queue: Queue
}

type Exports = Readonly<Record<string, unknown>>

/** Not a place for queues, but what is called in the end. */
const CLOSE = 'close'

/**
 * Each once. Functions are called, without arguments, where `wanted` names one, or where no
 * write-behind is exported as it is: to call one may cost connections. Rejects as they do.
 */
export async function findQueues(exports: Exports, wanted?: string): Promise<NamedQueue[]> {
  const entries = Object.entries(exports)
  const found = entries.flatMap(([name, value]) => queuesIn(name, value))
  const called = entries.filter(
    ([name, value]) =>
      typeof value === 'function' &&
      name !== CLOSE &&
      (wanted === undefined ? found.length === 0 : wanted.split('.')[0] === name),
  )
  for (const [name, make] of called) {
    found.push(...queuesIn(name, await (make as () => unknown)()))
  }
  return eachOnce(found)
}

/** Of an export of that name, or of the default export. */
export function closeOf(exports: Exports): (() => unknown) | undefined {
  const { default: byDefault } = exports
  for (const place of [exports, byDefault]) {
    if (!isObject(place) || isQueue(place)) continue
    const { [CLOSE]: close } = place
    if (typeof close === 'function') return () => close.call(place)
  }
  return undefined
}

function queuesIn(name: string, value: unknown): NamedQueue[] {
  if (isQueue(value)) return [{ name, queue: value }]
  if (!isPlain(value)) return []
  return Object.entries(value).flatMap(([part, inner]) =>
    isQueue(inner) ? [{ name: `${name}.${part}`, queue: inner }] : [],
  )
}

/** A default export often repeats what has names of its own: those are kept. */
function eachOnce(found: readonly NamedQueue[]): NamedQueue[] {
  const isNamed = ({ name }: NamedQueue) => !/^(default|module)\b/.test(name)
  const sorted = [...found.filter(isNamed), ...found.filter((each) => !isNamed(each))]
  const seen = new Set<Queue>()
  return sorted.filter(({ queue }) => !seen.has(queue) && seen.add(queue))
}

function isQueue(value: unknown): value is Queue {
  return isObject(value) && VERBS.every((verb) => typeof value[verb] === 'function')
}

function isPlain(value: unknown): value is object {
  if (!isObject(value)) return false
  return Array.isArray(value) || [null, Object.prototype].includes(Object.getPrototypeOf(value))
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
