/**
 * What must hold when everything is drained, whoever was killed meanwhile: of each key the source
 * has the last acknowledged write, or a later one whose answer nobody heard.
 *
 * All doubt is for the accused. A call is stamped before it is made and after it was answered, on
 * one clock for all processes, so of two calls one came first only where that is certain. What was
 * told before a process was killed counts, what was not told was not acknowledged.
 */

import type { AskedWrite, FinalKey, RoundHistory } from './history.js'
import { judgeDeliveries } from './judge-deliveries.js'

export interface Violation {
  readonly kind: /** The source has no write of the key, or an older one than was acknowledged. */
    | 'lost'
    /** The source has the version that was acknowledged last, and another value. */
    | 'wrong value'
    /** A value that nobody wrote. */
    | 'not asked for'
    /** A newer write than those acknowledged, of which its caller knows another version. */
    | 'wrong version'
    /** A write that had failed for its caller came after one that was asked for later. */
    | 'late'
    /** Versions are not in the order of the calls. */
    | 'disorder'
    /** A writer was given an older write after a newer one, by no former holder. */
    | 'inversion'
    /** More than one batch was given to a writer again. */
    | 'repeats'
    /** One version, and two writes. */
    | 'mixed'
    /** A get does not answer what the source has. */
    | 'cache'
    /** Something still waits. */
    | 'not drained'
  readonly seed: number
  readonly key: string
  readonly because: string
}

export interface Judgement {
  readonly violations: readonly Violation[]
  readonly acknowledged: number
  /** Calls of which nobody knows what became. */
  readonly unknown: number
  readonly deliveries: number
  /** Of a write that a writer had been given before. */
  readonly repeats: number
  /** By a holder that was one no more. */
  readonly zombies: number
}

export type Accuse = (kind: Violation['kind'], key: string, because: string) => void

export function judge(history: RoundHistory): Judgement {
  const { asked, seed } = history
  const violations: Violation[] = []
  const accuse: Accuse = (kind, key, because) => violations.push({ kind, seed, key, because })
  if (!history.isDrained) accuse('not drained', '', 'something still waits')
  for (const final of history.keys) {
    const writes = asked.filter(({ key }) => key === final.key)
    judgeKey(final, writes, accuse)
    judgeOrder(writes, accuse)
  }
  const delivered = judgeDeliveries(history, accuse)
  const acknowledged = asked.filter(({ version }) => version !== undefined).length
  return { violations, acknowledged, unknown: asked.length - acknowledged, ...delivered }
}

type Accusation = (kind: Violation['kind'], because: string) => void

function judgeKey(final: FinalKey, writes: readonly AskedWrite[], accuseKey: Accuse): void {
  const { key, value, version, got } = final
  const accuse: Accusation = (kind, because) => accuseKey(kind, key, because)
  if (got !== value) accuse('cache', `get answers ${got}, the source has ${value}`)
  if (value !== null && !writes.some((each) => each.value === value)) {
    accuse('not asked for', `nobody wrote ${value}`)
    return
  }
  const acknowledged = writes.filter((each) => each.version !== undefined)
  const newest = Math.max(...acknowledged.map((each) => each.version!))
  if (version === undefined || version < newest) {
    if (acknowledged.length > 0) accuse('lost', `${newest} was acknowledged, not ${version}`)
    else if (value !== null) accuse('wrong version', `${value} has no version`)
  } else if (version === newest) judgeNewest(final, writes, accuse)
  else judgeUnheard(final, writes, accuse)
}

/** Several calls have one version where the last of them took the others with it. */
function judgeNewest(
  { value, version }: FinalKey,
  writes: readonly AskedWrite[],
  accuse: Accusation,
): void {
  const told = writes.filter((each) => each.version === version)
  const last = told.reduce((one, other) => (other.call > one.call ? other : one))
  // Killed while it told of several calls: the last one was not heard.
  const unheard = writes.filter(
    (each) => each.version === undefined && each.by === last.by && each.call > last.call,
  )
  if ([last, ...unheard].some((each) => each.value === value)) return
  accuse('wrong value', `${version} is ${last.value}, the source has ${value}`)
}

/** The source has a newer write than all that were acknowledged. */
function judgeUnheard(
  { value, version }: FinalKey,
  writes: readonly AskedWrite[],
  accuse: Accusation,
): void {
  const could = writes.filter((each) => each.version === undefined && each.value === value)
  if (could.length === 0) {
    accuse('wrong version', `${value} has ${version}, which nobody wrote or heard of`)
    return
  }
  const isLate = ({ toldMs }: AskedWrite) =>
    toldMs !== undefined &&
    writes.some((each) => each.version !== undefined && each.askedMs > toldMs)
  if (could.every(isLate)) accuse('late', `${value} had failed, and came as ${version}`)
}

/** `writes`: of one key. */
function judgeOrder(writes: readonly AskedWrite[], accuse: Accuse): void {
  const acknowledged = writes.filter(({ version }) => version !== undefined)
  for (const one of acknowledged) {
    for (const other of acknowledged) {
      const isAfter = other.askedMs > one.toldMs!
      const isSame = other.by === one.by && other.call > one.call
      const isWrong = isAfter ? other.version! <= one.version! : other.version! < one.version!
      if (!(isAfter || isSame) || !isWrong) continue
      const because = `${other.value} has ${other.version}, and ${one.value} before it has`
      accuse('disorder', one.key, `${because} ${one.version}`)
    }
  }
}
