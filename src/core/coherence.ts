/**
 * What the engine asks of the part that knows about other processes.
 *
 * The engine tells it what was invalidated and asks it before it hands out an entry; the part tells
 * the engine what others have invalidated. `src/coherence/` keeps it: alone, where there is no log,
 * or by following one.
 */
import type { Invalidation } from './log.js'

/** The `born` of what was loaded before its process had joined the log. */
export const UNJOINED = -1

/** `soft`: stale, and not gone. `unknown`: `learn` must be asked first. */
export type Verdict = 'current' | 'soft' | 'invalidated' | 'unknown'

/** Whether a load that began then brings what may be handed out. */
export function isUsable(verdict: Verdict): boolean {
  return verdict === 'current' || verdict === 'soft'
}

/**
 * What a hit in memory compares: plain fields of one object for the life of the cache, since a hit
 * has no time to ask.
 */
export interface MemoryGuard {
  /** What was judged under another number must be judged anew. */
  generation: number
  /** Until when memory is trusted without thought; monotonic. */
  leaseUntilMs: number
}

/** How the process stands with the others. */
export interface CoherenceStats {
  /** `alone`: no log. `leased`: memory is trusted. `lapsed`: the log was not heard for too long. */
  readonly state: 'alone' | 'leased' | 'lapsed'
  /** The newest record of the log that was applied. */
  readonly applied: number
  /** How often a push was missed and the log was read instead. */
  readonly gapsRepaired: number
  /** How often memory was dropped: another epoch, or the log trimmed past this process. */
  readonly resets: number
  /** Tags and prefixes that the mirror holds. */
  readonly mirrored: number
  /** Processes that the log takes to be there, this one included. */
  readonly members: number
  /** How long ago this process was last sure to know of everything, `Infinity` for never. */
  readonly heardAgoMs: number
}

/** What an invalidation resolves to inside. */
export interface Confirmation {
  /** The place in the log, for `hear`. */
  readonly token: string
  /** When no process can serve any more what was invalidated; only where that was asked for. */
  readonly applied: Promise<void> | undefined
}

/** What the engine does when others have invalidated something. */
export interface CoherenceListener {
  onKey(namespace: string, key: string): void
  /** As the log tells it: see LogListener. */
  onFilled(storeKey: string): void
  /** Joined, or joined again: nothing that was read or kept before can be trusted. */
  onJoined(): void
  /** Records may have been missed: nor can what is being loaded now. */
  onLost(): void
  /** Another log is followed from now on: what the one before has confirmed of late may be lost. */
  onReplaced(): void
}

/** What was invalidated after a place in the log. */
export interface InvalidatedSince {
  /** Whether any of it names such an entry: by its key, a tag, a prefix, or with all there is. */
  names(namespace: string, key: string, tags: readonly string[]): boolean
}

/**
 * Why nobody can say. `epoch`: that place is none of this log; `trimmed`: the log has let go of
 * what came after it; `unheard`: no log, not joined, or no answer.
 */
export type SinceFault = 'epoch' | 'trimmed' | 'unheard'

export interface Coherence {
  /** Whether other processes hear what is appended here. */
  readonly isShared: boolean
  readonly guard: Readonly<MemoryGuard>
  /**
   * How far this process has applied the log: the `born` of a load that begins now. UNJOINED before
   * it has joined; such an entry is current until then, and out of date after.
   */
  readonly applied: number
  /** What `applied` was then, or a little before; 0 where it is not known. At most a minute ago. */
  appliedAt(atMs: number): number
  /** Called once, before the first read. */
  open(listener: CoherenceListener): void
  /**
   * Whether `applied` means anything to others: what is written before would be out of date at
   * once.
   */
  readonly isJoined: boolean
  /** Whether the lease holds, by the exact clock. */
  readonly isLeased: boolean
  /**
   * Whether what the store answers may be judged by the mirror: the lease holds, and the log was
   * heard over the connection of now. A server that restarted may bring back what was deleted.
   */
  readonly isStoreTrusted: boolean
  /** There is another connection to the store, or may be. */
  doubtStore(): void
  /**
   * How far the wall clock by which freshness in the store is judged is ahead of the monotonic one:
   * the store's clock where it is known.
   */
  readonly wallAheadMs: number
  /** For how long a load may be shared without a lease. */
  readonly leaseMs: number
  /** Whether memory may hand out what was loaded then: leased, or as stale as is allowed. */
  mayServe(loadedAtMs: number): boolean
  /** Resolves to whether the log was heard and caught up with after this call. Never rejects. */
  renew(): Promise<boolean>
  judge(namespace: string, key: string, tags: readonly string[] | undefined, born: number): Verdict
  /** Below which `born` an entry with these tags is out of date, as far as this process knows. */
  oldestBorn(namespace: string, key: string, tags: readonly string[]): number
  /** Asks the log of the tags that it takes to judge an entry of that age. Never rejects. */
  learn(tags: readonly string[], born: number): Promise<void>
  /**
   * Invalidates. Resolves once this process has applied the record; rejects if the log has not
   * confirmed it. `wantsAcks`: the other processes are asked to confirm.
   */
  append(invalidations: readonly Invalidation[], wantsAcks?: boolean): Promise<Confirmation>
  /** How far this process has applied the log, as text for a header or a cookie. */
  readonly token: string
  /**
   * Resolves to whether this process has applied everything up to the token: at once, or by one
   * round trip. Any text may be asked for. Never rejects.
   */
  hear(token: string): Promise<boolean>
  /**
   * What was invalidated after that place in the log: all that this process has applied when it is
   * asked, and maybe more. One round trip for each 1 000 records. Never rejects.
   */
  invalidatedSince(token: string): Promise<InvalidatedSince | SinceFault>
  stats(): CoherenceStats
  /** Never rejects. */
  close(): Promise<void>
}
