/** What we publish for Keyv and bentocache, held against the types of theirs. */
import type { CreateDriverResult, L2CacheDriver } from 'bentocache/types'
import type { KeyvStoreAdapter } from 'keyv'
import { describe, expectTypeOf, it } from 'vitest'
import {
  type BentocacheDriver,
  type BentocacheDriverDescription,
  bentocacheDriver,
} from '../../src/integrations/bentocache/index.js'
import { type KeyvStore, keyvStore } from '../../src/integrations/keyv/index.js'

describe('a store for Keyv', () => {
  it('is a storage adapter of Keyv', () => {
    expectTypeOf<KeyvStoreAdapter>().not.toBeAny()
    expectTypeOf<KeyvStore>().toExtend<KeyvStoreAdapter>()
    expectTypeOf(keyvStore).returns.toEqualTypeOf<KeyvStore>()
  })

  it('has every method that a storage adapter may have', () => {
    type Absent = Exclude<keyof KeyvStoreAdapter, keyof KeyvStore>
    expectTypeOf<Absent>().toBeNever()
  })
})

describe('a driver for bentocache', () => {
  it('is a driver of the second layer', () => {
    expectTypeOf<L2CacheDriver>().not.toBeAny()
    expectTypeOf<BentocacheDriver>().toExtend<L2CacheDriver>()
    expectTypeOf<BentocacheDriverDescription>().toExtend<CreateDriverResult<L2CacheDriver>>()
    expectTypeOf(bentocacheDriver).returns.toEqualTypeOf<BentocacheDriverDescription>()
  })
})
