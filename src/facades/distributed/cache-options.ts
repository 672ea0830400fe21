/** How one entry lives, or where it lies. */
export interface CacheOptions {
  /** Seconds. */
  ttl?: number | undefined
  /** Of the key manager, or of the cache underneath. Default: by the first part of the key. */
  namespace?: string | undefined
  compress?: boolean | undefined
  tags?: string[] | undefined
}

/** Where it lies. */
export type WhereOptions = Pick<CacheOptions, 'namespace'>
