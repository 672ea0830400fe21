/**
 * A process's copy of the log, as far as it is needed to judge an entry by its `born`.
 *
 * Keys are not in it: a key's record takes it out of memory and out of the store, and fences what
 * is under way (core/invalidations.ts). Tags, prefixes and the floor are only compared, so that
 * invalidating them costs the same for one entry as for a million.
 *
 * Bounded: of more than `maxTags` tags the one heard of longest ago is let go of. From then on a
 * tag that is not in the mirror may have been invalidated up to that record, and entries born
 * before it are `unknown` until the log was asked (`learn`). Of more than 1 000 prefixes the oldest
 * is let go of and the floor rises to its record: over-invalidation, never staleness.
 */
import type { MemoryGuard, Verdict } from '../core/coherence.js'
import { dependencyOf } from '../core/dependency.js'
import type { Invalidation, LogReply, LogSnapshot, PrefixSeq } from '../core/log.js'
import { isSoft, softNamespace, softTag } from '../core/soft.js'
import { NamespacePrefixes } from './namespace-prefixes.js'

export interface MirrorOptions {
  /** Its `generation` changes with all that can make an entry in memory out of date. */
  readonly guard: MemoryGuard
  /** 1 to 2^24. Default: 100 000. */
  readonly maxTags?: number | undefined
}

const MAX_TAGS = 100_000
export const MAX_PREFIXES = 1_000

export class Mirror {
  /** How far the log has been applied. */
  applied = 0
  readonly #guard: MemoryGuard
  readonly #maxTags: number
  #floor = 0
  /** In the order in which they were heard of. */
  #tags = new Map<string, number>()
  /** A tag that is not in the mirror has no record after this one. */
  #silentFrom = 0
  readonly #prefixes = new Map<string, NamespacePrefixes>()
  #prefixCount = 0
  #hasSoftTags = false
  /** Tags, and all there is, that this process is about to invalidate: no record yet. */
  readonly #pendingTags = new Map<string, number>()
  readonly #pendingPrefixes: PendingPrefix[] = []

  constructor(options: MirrorOptions) {
    this.#guard = options.guard
    this.#maxTags = options.maxTags ?? MAX_TAGS
  }

  get floor(): number {
    return this.#floor
  }

  get tagCount(): number {
    return this.#tags.size
  }

  get prefixCount(): number {
    return this.#prefixCount
  }

  /** Forgets everything and begins at the head of the log. */
  reset(snapshot: Pick<LogSnapshot, 'head' | 'floor' | 'prefixes'>): void {
    this.#tags = new Map()
    this.#prefixes.clear()
    this.#prefixCount = 0
    this.#floor = snapshot.floor
    this.#silentFrom = snapshot.head
    this.applied = snapshot.head
    for (const prefix of snapshot.prefixes) this.#addPrefix(prefix)
    this.#guard.generation++
  }

  /** Whether an entry whose load began at `born` may be handed out. */
  judge(
    namespace: string,
    key: string,
    tags: readonly string[] | undefined,
    born: number,
  ): Verdict {
    if (born < this.#floor) return 'invalidated'
    if (this.#prefixCount > 0 && this.#prefixSeq(namespace, key) > born) return 'invalidated'
    if (this.#pendingPrefixes.length > 0 && this.#isPending(namespace, key)) return 'invalidated'
    const isUntagged = tags === undefined || tags.length === 0
    const verdict = isUntagged ? 'current' : this.#judgeTags(tags, born)
    if (verdict !== 'current' || this.#prefixCount === 0) return verdict
    return this.#prefixSeq(softNamespace(namespace), key) > born ? 'soft' : 'current'
  }

  /** Below which `born` an entry with these tags is out of date, as far as the mirror knows. */
  oldestBorn(namespace: string, key: string, tags: readonly string[]): number {
    const seqs = tags.map((tag) => this.#tags.get(tag) ?? 0)
    return Math.max(this.#floor, this.#prefixSeq(namespace, key), ...seqs)
  }

  /** Those of the tags that only the log knows, for an entry of that age. */
  unknownTags(tags: readonly string[], born: number): readonly string[] {
    if (born >= this.#silentFrom) return []
    const names = tags.flatMap((tag) => [tag, softTag(tag)])
    return names.filter((name) => !this.#tags.has(name))
  }

  /** What the log said of tags; it was asked when this process had applied `asOf` of it. */
  learn(tags: readonly string[], seqs: readonly number[], asOf: number): void {
    tags.forEach((tag, i) => {
      // A record applied since then may have been let go of again: the answer does not know of it.
      if (this.#silentFrom <= asOf || this.#tags.has(tag)) this.#noteTag(tag, seqs[i]!)
    })
  }

  /** One record, the one after `applied`. Keys are the caller's to drop. */
  apply(seq: number, invalidations: readonly Invalidation[]): void {
    this.applied = seq
    for (const each of invalidations) this.#applyOne(seq, each)
  }

  raiseFloor(floor: number): void {
    if (floor <= this.#floor) return
    this.#floor = floor
    this.#guard.generation++
  }

  /**
   * From now on as if it had been invalidated, by a record whose number is not known yet. The
   * function returned takes that back: the record was applied, or there will be none.
   */
  anticipate(invalidations: readonly Invalidation[]): () => void {
    // Keys are dropped, not compared: a set must not make all of memory be judged anew.
    const compared = invalidations.filter(({ kind }) => kind !== 'key')
    if (compared.length === 0) return () => {}
    const undo = compared.map((each) => this.#anticipateOne(each))
    this.#guard.generation++
    return () => {
      for (const each of undo) each()
    }
  }

  #judgeTags(tags: readonly string[], born: number): Verdict {
    let verdict: Verdict = 'current'
    for (const tag of tags) {
      if (this.#pendingTags.has(tag)) return 'invalidated'
      const seq = this.#tags.get(tag)
      if (seq === undefined) {
        if (born < this.#silentFrom) verdict = 'unknown'
      } else if (born < seq) return 'invalidated'
      const byPrefix = this.#prefixCount === 0 ? 'current' : this.#judgeDependency(tag, born)
      if (byPrefix === 'invalidated') return byPrefix
      if (verdict === 'unknown') continue
      verdict = byPrefix === 'soft' ? 'soft' : this.#judgeSoftly(tag, born, verdict)
    }
    return verdict
  }

  /** By the prefixes that the key has which the tag stands for, if it stands for one. */
  #judgeDependency(tag: string, born: number): Verdict {
    const on = dependencyOf(tag)
    if (on === undefined) return 'current'
    if (this.#prefixSeq(on.namespace, on.key) > born) return 'invalidated'
    return this.#prefixSeq(softNamespace(on.namespace), on.key) > born ? 'soft' : 'current'
  }

  #judgeSoftly(tag: string, born: number, verdict: Verdict): Verdict {
    const isSilent = born >= this.#silentFrom
    // Most caches never see one: then the name is not even made.
    if (isSilent && !this.#hasSoftTags) return verdict
    const seq = this.#tags.get(softTag(tag))
    if (seq === undefined) return isSilent ? verdict : 'unknown'
    return born < seq ? 'soft' : verdict
  }

  #applyOne(seq: number, what: Invalidation): void {
    switch (what.kind) {
      case 'key':
        return
      case 'tag':
        this.#hasSoftTags ||= isSoft(what)
        this.#noteTag(what.tag, seq)
        break
      case 'prefix':
        this.#addPrefix({ ...what, seq })
        break
      case 'all':
        this.#floor = Math.max(this.#floor, seq)
    }
    this.#guard.generation++
  }

  #noteTag(tag: string, seq: number): void {
    const known = this.#tags.get(tag) ?? 0
    // Deleted first, so that the order of the Map is the order in which they were heard of.
    this.#tags.delete(tag)
    if (this.#tags.size >= this.#maxTags) this.#forgetOldestTag()
    this.#tags.set(tag, Math.max(known, seq))
  }

  #forgetOldestTag(): void {
    for (const [tag, seq] of this.#tags) {
      this.#tags.delete(tag)
      this.#silentFrom = Math.max(this.#silentFrom, seq)
      return
    }
  }

  #addPrefix({ namespace, prefix, seq }: PrefixSeq): void {
    const known = this.#prefixes.get(namespace)
    const prefixes = known ?? new NamespacePrefixes()
    if (known === undefined) this.#prefixes.set(namespace, prefixes)
    if (prefixes.add(prefix, seq)) this.#prefixCount++
    if (this.#prefixCount > MAX_PREFIXES) this.#forgetOldestPrefix()
  }

  #forgetOldestPrefix(): void {
    let oldest: { namespace: string; prefix: string; seq: number } | undefined
    for (const [namespace, prefixes] of this.#prefixes) {
      for (const [prefix, seq] of prefixes.seqs) {
        if (oldest === undefined || seq < oldest.seq) oldest = { namespace, prefix, seq }
      }
    }
    const { namespace, prefix, seq } = oldest!
    this.#prefixes.get(namespace)!.remove(prefix)
    this.#prefixCount--
    this.raiseFloor(seq)
  }

  #prefixSeq(namespace: string, key: string): number {
    return this.#prefixes.get(namespace)?.newest(key) ?? 0
  }

  #isPending(namespace: string, key: string): boolean {
    return this.#pendingPrefixes.some(
      (each) =>
        each.namespace === undefined ||
        (each.namespace === namespace && key.startsWith(each.prefix)),
    )
  }

  #anticipateOne(what: Invalidation): () => void {
    if (what.kind === 'key') return () => {}
    if (what.kind === 'tag') return this.#anticipateTag(what.tag)
    const pending: PendingPrefix =
      what.kind === 'all' ? { namespace: undefined, prefix: '' } : { ...what }
    this.#pendingPrefixes.push(pending)
    return () => {
      const at = this.#pendingPrefixes.indexOf(pending)
      if (at >= 0) this.#pendingPrefixes.splice(at, 1)
    }
  }

  #anticipateTag(tag: string): () => void {
    this.#pendingTags.set(tag, (this.#pendingTags.get(tag) ?? 0) + 1)
    return () => {
      const left = (this.#pendingTags.get(tag) ?? 1) - 1
      if (left > 0) this.#pendingTags.set(tag, left)
      else this.#pendingTags.delete(tag)
    }
  }
}

interface PendingPrefix {
  /** `undefined`: all of them. */
  readonly namespace: string | undefined
  readonly prefix: string
}

/** Whether a reply continues what was applied, without a record missing. */
export function isContinuous(reply: LogReply, applied: number): boolean {
  const [first] = reply.records
  return first === undefined ? reply.head <= applied : first.seq <= applied + 1
}
