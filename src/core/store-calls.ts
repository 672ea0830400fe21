/** What a store is given and answers: the records of its contract, which stands in contracts.ts. */
export interface StoreWrite {
  readonly key: string
  /** A string stands for its UTF-8. */
  readonly bytes: Uint8Array | string
  /** How long the store may keep it: > 0, `Infinity` for no limit. */
  readonly ttlMs: number
  /** As for `deleteMany`; for fills it says nothing. */
  readonly holdOffMs?: number
}

/** Asks for a value, and where there is none that is fresh for the right to fill it. */
export interface LeaseRequest {
  readonly key: string
  /** Unlike that of any other load. */
  readonly token: string
  /** How long the right lasts. */
  readonly leaseMs: number
  /**
   * `ask`: granted if no fresh value is there and nobody has the right; whoever has it will tell
   * when it fills. `take`: granted whatever is there, the load that begins now is the newer.
   * `renew`: granted if this token has the right.
   */
  readonly how: 'ask' | 'take' | 'renew'
  /** How a value begins that cannot be used: it counts as none. */
  readonly unusable?: Uint8Array | undefined
  /** The token of an older load of the same process, which loses the right if it has it. */
  readonly replaces?: string | undefined
}

export interface LeaseAnswer {
  /** What is stored; looked at for a request that asks. */
  readonly bytes: Uint8Array | undefined
  readonly isLeased: boolean
}

/** What counts only while its token has the right to fill the key, and ends that right. */
export interface StoreFill {
  readonly key: string
  readonly token: string
  /** `undefined` gives the right back: the load brought nothing to keep. */
  readonly write: StoreWrite | undefined
}

/**
 * Tells an entry that is past its ttl and only kept as stale, or born too early: its bytes from
 * `offset` on are not above those of `now`, compared byte by byte.
 */
export interface Expiry {
  readonly offset: number
  readonly now: Uint8Array
}
