/**
 * Invalidations that wait for the commit: noted while a transaction runs, carried out when it has
 * committed, dropped when it has rolled back.
 *
 * An invalidation before the commit is worth nothing: a load between the two reads the old row and
 * is kept. The notes live in this process; those that must outlive it belong in the outbox.
 */
import { checkNamespace } from '../core/key.js'
import { invalidOption } from '../core/option-reading.js'
import { checkNote, identityOf, MAX_NOTES, type Note, tooManyNotes } from './note.js'
import { type InvalidationTarget, performNotes } from './perform-notes.js'

/**
 * The verbs that invalidate, as notes. They ask nobody. Each throws what its verb would reject with
 * (KEY_INVALID, NAMESPACE_INVALID, OPTION_INVALID), and OPTION_INVALID beyond 10 000 different
 * notes.
 */
export interface InvalidationNotes {
  delete(key: string): void
  deleteMany(keys: readonly string[]): void
  /** Tags know no namespaces: noted under one, they mean the same. */
  invalidateTags(tags: readonly string[]): void
  invalidatePattern(pattern: string): void
  /** Notes for the namespace of that name; they belong to the same collector. */
  namespace(name: string): InvalidationNotes
}

export interface PendingInvalidations extends InvalidationNotes {
  /** Different notes that wait, or that are being carried out; at most 10 000. */
  readonly size: number
  /**
   * Carries out what was noted, and resolves to whether all of it was confirmed. What was not
   * stays noted: call it again. Never rejects. Round trips: one for each 512 keys, each 1 000 tags
   * and each prefix.
   */
  run(): Promise<boolean>
  /** Forgets what was noted: for the rollback, and for the next try of a transaction. */
  discard(): void
}

/** What became of a transaction that has committed. */
export interface Committed<T> {
  readonly result: T
  /** `false`: some of what was noted was not confirmed by the store. */
  readonly isConfirmed: boolean
}

/**
 * Collects invalidations for after a commit. `cache` may be a namespace: names are under it then.
 *
 * ```ts
 * const invalidations = afterCommit(cache)
 * invalidations.delete('user:42') // inside the transaction
 * await invalidations.run() // after its COMMIT
 * ```
 */
export function afterCommit(cache: InvalidationTarget): PendingInvalidations
/**
 * Runs `transaction`, which begins, commits and rolls back by itself, and then carries out what it
 * has noted. If it throws, nothing is invalidated and its error passes through untouched. It never
 * rejects for an invalidation: whoever took that for a failed transaction would run it twice.
 */
export function afterCommit<T>(
  cache: InvalidationTarget,
  transaction: (invalidations: PendingInvalidations) => T | PromiseLike<T>,
): Promise<Committed<T>>
export function afterCommit<T>(
  cache: InvalidationTarget,
  transaction?: (invalidations: PendingInvalidations) => T | PromiseLike<T>,
): PendingInvalidations | Promise<Committed<T>> {
  if (typeof (cache as { delete?: unknown } | undefined)?.delete !== 'function') {
    throw invalidOption('afterCommit', 'cache', cache, 'a cache or a namespace of one')
  }
  const collector = new Collector(cache)
  const invalidations = new CollectorView(collector)
  if (transaction === undefined) return invalidations
  if (typeof transaction !== 'function') {
    throw invalidOption('afterCommit', 'transaction', transaction, 'a function')
  }
  return around(invalidations, transaction)
}

async function around<T>(
  invalidations: PendingInvalidations,
  transaction: (invalidations: PendingInvalidations) => T | PromiseLike<T>,
): Promise<Committed<T>> {
  let result: T
  try {
    result = await transaction(invalidations)
  } catch (error) {
    invalidations.discard()
    throw error
  }
  return { result, isConfirmed: await invalidations.run() }
}

class Collector {
  readonly #target: InvalidationTarget
  #notes = new Map<string, Note>()
  #underWay = 0

  constructor(target: InvalidationTarget) {
    this.#target = target
  }

  get size(): number {
    return this.#notes.size + this.#underWay
  }

  add(note: Note, where: string): void {
    checkNote(note, where)
    const identity = identityOf(note)
    if (this.#notes.has(identity)) return
    if (this.size >= MAX_NOTES) throw tooManyNotes(where)
    this.#notes.set(identity, note)
  }

  async run(): Promise<boolean> {
    const taken = this.#notes
    this.#notes = new Map()
    this.#underWay += taken.size
    const failures = await performNotes(this.#target, taken.values())
    this.#underWay -= taken.size
    for (const identity of failures.keys()) this.#notes.set(identity, taken.get(identity)!)
    return failures.size === 0
  }

  discard(): void {
    this.#notes.clear()
  }
}

class CollectorView implements PendingInvalidations {
  readonly #collector: Collector
  readonly #namespace: string

  constructor(collector: Collector, namespace = '') {
    this.#collector = collector
    this.#namespace = namespace
  }

  get size(): number {
    return this.#collector.size
  }

  delete(key: string): void {
    this.#collector.add({ kind: 'key', namespace: this.#namespace, name: key }, 'delete')
  }

  deleteMany(keys: readonly string[]): void {
    if (!Array.isArray(keys)) throw invalidOption('deleteMany', 'keys', keys, 'an array')
    for (const key of keys) this.delete(key)
  }

  invalidateTags(tags: readonly string[]): void {
    if (!Array.isArray(tags)) throw invalidOption('invalidateTags', 'tags', tags, 'an array')
    for (const tag of tags) {
      this.#collector.add({ kind: 'tag', namespace: '', name: tag }, 'invalidateTags')
    }
  }

  invalidatePattern(pattern: string): void {
    const note = { kind: 'pattern', namespace: this.#namespace, name: pattern } as const
    this.#collector.add(note, 'invalidatePattern')
  }

  namespace(name: string): InvalidationNotes {
    checkNamespace(name)
    const fullName = this.#namespace === '' ? name : `${this.#namespace}.${name}`
    return new CollectorView(this.#collector, fullName)
  }

  run(): Promise<boolean> {
    return this.#collector.run()
  }

  discard(): void {
    this.#collector.discard()
  }
}
