/** The names under which keys lie in stores, by the byte: data of running systems depends on it. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { encodeKey } from '../../src/core/key.js'
import { trackedWithStore } from '../unit/tracked-cache.js'

interface Golden {
  readonly keys: readonly (readonly [key: string, name: string])[]
  readonly long: { readonly repeat: readonly [string, number]; readonly name: string }
}

const golden = JSON.parse(
  readFileSync(new URL('./key-v1/keys.json', import.meta.url), 'utf8'),
) as Golden

describe('the key format, version 1', () => {
  it.each(golden.keys)('%j lies under %j', (key, name) => {
    expect(encodeKey(key, 'hash')).toBe(name)
  })

  it('a key over 1 KiB lies under its hash', () => {
    const [unit, count] = golden.long.repeat
    expect(encodeKey(unit.repeat(count), 'hash')).toBe(golden.long.name)
  })

  it('stands after prefix and namespace', async () => {
    const { cache, data } = trackedWithStore({ prefix: 'shop' })
    await cache.set('a', 1)
    await cache.namespace('users').set('{b}', 1)
    await cache.namespace('users.vip').set('', 1)
    const names: string[] = []
    for await (const page of data.scan('')) names.push(...page)
    expect(names.sort()).toEqual(['shop::a', 'shop:users.vip:', 'shop:users:~e\\u007bb\\u007d'])
  })
})
