/**
 * What the engine asks of whoever turns entries into bytes and back. `Codecs` knows the envelope,
 * which is the same for all namespaces; a `Codec` is one namespace's way to fill it.
 */
import type { Shelf } from './shelf.js'
import type { Expiry } from './store-calls.js'
import type { CompressionSettings, StoredFormat } from './stored-format.js'

/** What an entry carries beside its value, wherever it lies. */
export interface EntryMeta {
  /** What the process had applied of the invalidation log when the load of this value began. */
  readonly born: number
  /** Wall moment of the store's clock up to which it is fresh; `Infinity` for ever. */
  readonly freshUntilWallMs: number
  /** How long past that moment it may be handed out as stale. */
  readonly graceMs: number
  /** How long its load took, 0 if it was set: what XFetch weighs. At most 16 383 survives. */
  readonly loadMs: number
  readonly tags: readonly string[]
}

/**
 * What it takes to bring a value back the same: `tree`, any serializer; `text`, a tree with names
 * or strings that only JSON keeps; `graph`, one that knows built-in classes, cycles and shared
 * references.
 */
export type ValueForm = 'tree' | 'text' | 'graph'

export interface EncodableEntry extends EntryMeta {
  readonly value: unknown
  readonly form: ValueForm
  /** Estimated bytes on the heap, for a codec that chooses by size. */
  readonly weightBytes: number
  /** As the call's policy has it; `undefined` for none. */
  readonly compression?: CompressionSettings | undefined
}

export interface DecodedEntry extends EntryMeta {
  readonly value: unknown
  /** No Date, Map, buffer, cycle or the like inside: freezing it isolates it. */
  readonly plain: boolean
  /** Of the value alone, neither compressed nor sealed: a start for its weight. */
  readonly valueBytes: number
}

/**
 * Why bytes did not become an entry. `foreign`: not ours; `version`: of a package that writes what
 * this one does not know; `truncated`, `payload`: damaged; `too-large`: more than
 * `maxDecompressedBytes` once decompressed; `algorithm`: compressed by what is not installed here;
 * `dictionary`: by a dictionary that is nowhere found; `key-unknown`: sealed with a key that is not
 * in the ring; `tampered`: sealed, and changed since or moved from another key; `unsealed`: plain,
 * in a namespace that encrypts; `slow`: not decompressed within the deadline of a read.
 */
export type DecodeFault =
  | 'foreign'
  | 'version'
  | 'truncated'
  | 'payload'
  | 'too-large'
  | 'algorithm'
  | 'dictionary'
  | 'key-unknown'
  | 'tampered'
  | 'unsealed'
  | 'slow'

/** A string stands for its UTF-8: clients write text with less work than bytes. */
export type Encoded = Uint8Array | string

export type Decoded = DecodedEntry | DecodeFault

/** What `compress: 'auto'` knows of the values from one size up to that of the next class. */
export interface LearnedSizeClass {
  readonly fromBytes: number
  /** `gzip:6`; `undefined`: values are left as they are. */
  readonly chosen: string | undefined
  readonly candidates: readonly {
    readonly name: string
    /** Stored bytes per raw byte; 1 as long as nothing is known. */
    readonly ratio: number
    /** To compress a KiB and to get it back; 0 as long as nothing is known. */
    readonly microsecondsPerKib: number
    /** Measurements that this rests on. */
    readonly samples: number
  }[]
  /** Of the time that went into compressing, what trying has taken. */
  readonly exploringShare: number
}

/** Entries of one namespace to bytes and back. */
export interface Codec {
  /**
   * `key` is the name in the store. Throws what it cannot take, at once; what is large may be ready
   * later.
   */
  encode(key: string, entry: EncodableEntry): Encoded | Promise<Encoded>
  /** Never throws and never rejects, whatever the bytes are. */
  decode(key: string, bytes: Uint8Array): Decoded | Promise<Decoded>
  /** What `compress: 'auto'` has learned, the smallest values first; nothing where it is off. */
  learned(): readonly LearnedSizeClass[]
}

/** The only place that knows a byte of the envelope. */
export interface Codecs {
  /**
   * The codec of a namespace, made once; `where` begins the message of an error. Throws
   * OPTION_INVALID where the format asks for what is not there: a key, a package.
   */
  forNamespace(name: string, format: StoredFormat, shelf: Shelf | undefined, where: string): Codec
  /** The envelope in front of a counter, and how to tell an old one, for `Store.increment`. */
  counterHead(
    meta: EntryMeta,
    nowWallMs: number,
    oldestBorn: number,
  ): { readonly head: Uint8Array; readonly limits: readonly Expiry[] }
  /** How to tell an entry that is past its ttl, for `Store.leaseMany`. */
  expiryAt(nowWallMs: number): Expiry
  /** How to tell an entry that was born before that record of the log, for `Store.deleteMany`. */
  bornBefore(seq: number): Expiry
  /** The bytes that hold a moment and a grace, and where they lie, for `Store.patch`. */
  lifePatch(freshUntilWallMs: number, graceMs: number): { offset: number; bytes: Uint8Array }
}
