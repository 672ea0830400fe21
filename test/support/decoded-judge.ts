/**
 * What a decoder may answer, whatever it was given: a known fault, or an entry whose value is made
 * of what a cache keeps, which can be copied and frozen; and what it may touch: nothing.
 */
import type { Decoded, DecodedEntry } from '../../src/core/codec.js'
import { cloneValue, freezeOwned } from '../../src/core/value.js'
import { Money } from './fuzzed-values.js'

const FAULTS: ReadonlySet<string> = new Set([
  ...['foreign', 'version', 'truncated', 'payload', 'too-large', 'algorithm', 'dictionary'],
  ...['key-unknown', 'tampered', 'unsealed'],
])

type Kind = abstract new (...args: never[]) => object

const KINDS: readonly Kind[] = [
  ...[Object, Array, Map, Set, Date, RegExp, URL, Buffer, ArrayBuffer, DataView, Money],
  ...[Error, AggregateError, EvalError, RangeError, ReferenceError, SyntaxError, TypeError],
  ...[URIError, Uint8Array, Int8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array],
  ...[Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array],
  // From Node 24 on.
  ...('Float16Array' in globalThis ? [Reflect.get(globalThis, 'Float16Array') as Kind] : []),
]
const PROTOTYPES: ReadonlySet<unknown> = new Set(KINDS.map((kind) => kind.prototype))
const PLAIN_PROTOTYPES: ReadonlySet<unknown> = new Set([Object.prototype, Array.prototype])
const MAX_OBJECTS = 100_000

/** What is wrong with an answer; `undefined` if nothing is. */
export function faultOfAnswer(answer: Decoded): string | undefined {
  if (typeof answer === 'string') return FAULTS.has(answer) ? undefined : `the fault '${answer}'`
  return faultOfMeta(answer) ?? faultOfValue(answer.value, answer.plain) ?? faultOfUse(answer)
}

function faultOfMeta(entry: DecodedEntry): string | undefined {
  const { born, freshUntilWallMs, graceMs, loadMs, tags, valueBytes } = entry
  const numbers = [born, freshUntilWallMs, graceMs, loadMs, valueBytes]
  if (numbers.some((number) => !(number >= 0))) return `numbers ${numbers}`
  return tags.every((tag) => typeof tag === 'string') ? undefined : 'a tag that is no text'
}

function faultOfValue(value: unknown, plain: boolean): string | undefined {
  if (value === undefined) return 'undefined as a value'
  const allowed = plain ? PLAIN_PROTOTYPES : PROTOTYPES
  const seen = new Set<unknown>()
  const waiting: unknown[] = [value]
  while (waiting.length > 0 && seen.size < MAX_OBJECTS) {
    const part = waiting.pop()
    if (typeof part === 'function' || typeof part === 'symbol') return `a ${typeof part}`
    if (typeof part !== 'object' || part === null) continue
    if (seen.has(part)) {
      if (plain) return 'a shared part in plain data'
      continue
    }
    seen.add(part)
    const prototype: unknown = Object.getPrototypeOf(part)
    if (!allowed.has(prototype)) return `a prototype: ${String(prototype?.constructor?.name)}`
    for (const inner of partsOf(part)) waiting.push(inner)
  }
  return undefined
}

function partsOf(part: object): Iterable<unknown> {
  if (ArrayBuffer.isView(part)) return []
  if (part instanceof Map) return [...part].flat()
  if (part instanceof Set) return part
  return Object.getOwnPropertyNames(part).map((name) => Reflect.get(part, name))
}

/** What is done with every entry that is read. */
function faultOfUse({ value, plain }: DecodedEntry): string | undefined {
  try {
    cloneValue(value)
  } catch (error) {
    return `a copy throws: ${String(error)}`
  }
  try {
    if (plain) freezeOwned(value)
  } catch (error) {
    return `freezing throws: ${String(error)}`
  }
  return undefined
}

const INTRINSICS: readonly object[] = [
  ...KINDS.flatMap((kind) => [kind, kind.prototype]),
  ...[Function, Function.prototype, String.prototype, Number.prototype, Boolean.prototype],
  ...[BigInt.prototype, Symbol.prototype, Promise.prototype, JSON, Math, Reflect, globalThis],
  ...[Object.getPrototypeOf(Uint8Array), Object.getPrototypeOf(Uint8Array.prototype)],
]

/** The state of what everybody shares: compare two to see whether anything was touched. */
export function intrinsicsNow(): string {
  return INTRINSICS.map((object) => {
    const names = Reflect.ownKeys(object).map(String)
    return `${names.length}:${names.join()}:${Object.isFrozen(object)}`
  }).join('\n')
}
