/** Bentocache's side of a store: what is translated, what is refused, and that failures reject. */
import { afterEach, describe, expect, it } from 'vitest'
import {
  type BentocacheDriver,
  type BentocacheDriverDescription,
  type BentocacheDriverOptions,
  bentocacheDriver,
} from '../../src/integrations/bentocache/index.js'
import { fakeClock, faultyStore, inProcessStore } from '../../src/testing/index.js'
import { LONE_SURROGATES, ODD_NAMES } from '../support/odd-names.js'
import { optionInvalid } from '../support/option-invalid.js'
import { storeWith } from '../support/store-with.js'

const made: BentocacheDriver[] = []
afterEach(async () => {
  for (const each of made.splice(0)) await each.disconnect()
})

function describeDriver(options: Partial<BentocacheDriverOptions> = {}) {
  return bentocacheDriver({ store: inProcessStore(), ...options })
}

/** As bentocache does it: its own options, and those of the description over them. */
function make({ options, factory }: BentocacheDriverDescription, config: object = {}) {
  const driver = factory({ ...config, ...options })
  made.push(driver)
  return driver
}

describe('options', () => {
  it.each<[string, object, RegExp]>([
    ['a store that is none', { store: {} }, /'store' is an object; the range is a store/],
    ['an empty prefix', { prefix: '' }, /'prefix' is ''; the range is .*not empty.*512 bytes/],
    ['a prefix of colons', { prefix: '::' }, /'prefix' is '::'/],
    ['a prefix that is no string', { prefix: 7 }, /'prefix' is 7/],
    ['a prefix that is too long', { prefix: 'p'.repeat(512) }, /'prefix' is 'ppp/],
    ['a deadline beyond a minute', { readDeadline: '61s' }, /'readDeadline' is '61s'/],
  ])('refuse %s', (_, options, message) => {
    const describing = () => describeDriver(options as Partial<BentocacheDriverOptions>)
    expect(describing).toThrow(optionInvalid(message))
  })

  it('refuse what is unknown', () => {
    const options = { throwOnErrors: true } as Partial<BentocacheDriverOptions>
    expect(() => describeDriver(options)).toThrow(
      expect.objectContaining({
        code: 'OPTION_UNKNOWN',
        message: expect.stringMatching(/^bentocacheDriver: unknown option 'throwOnErrors'/),
      }),
    )
  })

  it('refuse the prefix of a bentocache, and namespaces, that no store can hold', () => {
    expect(() => make(describeDriver(), { prefix: 'p'.repeat(600) })).toThrow(
      optionInvalid(/'prefix'/),
    )
    const driver = make(describeDriver())
    expect(() => driver.namespace('n'.repeat(501))).toThrow(optionInvalid(/'namespace' is 'nnn/))
    expect(() => driver.namespace(7 as never)).toThrow(optionInvalid(/'namespace' is 7/))
    expect(() => driver.namespace('n'.repeat(500))).not.toThrow()
  })
})

describe('what is translated', () => {
  it.each<[string, string | undefined, string | undefined, string]>([
    ['its own prefix', 'own', 'outer', 'own:k'],
    ['that of the bentocache', undefined, 'outer:inner:', 'outer:inner:k'],
    ['none', undefined, undefined, 'bentocache:k'],
  ])('%s stands before every key', async (_, own, outer, name) => {
    const data = inProcessStore()
    const options = { store: data.peer(), ...(own === undefined ? {} : { prefix: own }) }
    const driver = make(describeDriver(options), { prefix: outer })
    await driver.set('k', 'välue')
    data.open({ onUp() {}, onDown() {} })
    const [bytes] = await data.getMany([name])
    expect(new TextDecoder().decode(bytes)).toBe('välue')
  })

  it('ttl is milliseconds; none is for ever', async () => {
    const clock = fakeClock()
    const driver = make(describeDriver({ store: inProcessStore({ clock }) }))
    await driver.set('short', 'v', 1_000)
    await driver.set('none', 'v')
    await clock.advance(999)
    expect(await driver.get('short')).toBe('v')
    await clock.advance(1)
    expect([await driver.get('short'), await driver.get('none')]).toEqual([undefined, 'v'])
  })

  it('keys of every kind come back, in namespaces of every kind', async () => {
    const root = make(describeDriver())
    const odd = root.namespace('{odd}').namespace('é:')
    const keys = [...ODD_NAMES, ...LONE_SURROGATES, 'k'.repeat(5_000), 'a:b:c']
    for (const key of keys) await odd.set(key, JSON.stringify(key))
    for (const key of keys) {
      expect(await root.get(`{odd}:é:${key}`)).toBe(JSON.stringify(key))
    }
    await root.set('{odd}:e', 'stays')
    await odd.clear()
    for (const key of keys) expect(await odd.get(key)).toBeUndefined()
    expect(await root.get('{odd}:e')).toBe('stays')
  })

  it('all drivers of a description share its store, which ends with any of them', async () => {
    const inner = inProcessStore()
    let opened = 0
    const open: typeof inner.open = (listener) => {
      opened += 1
      inner.open(listener)
    }
    const description = describeDriver({ store: storeWith(inner, { open }) })
    expect(opened).toBe(0)
    const [first, second] = [make(description), make(description)]
    await first.set('a', 'v')
    expect(await second.get('a')).toBe('v')
    expect(opened).toBe(1)
    await second.namespace('inner').disconnect()
    await expect(first.get('a')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })

  it('what is no text is refused', async () => {
    const driver = make(describeDriver())
    const refused = { code: 'VALUE_UNSUPPORTED' }
    await expect(driver.set('a', 7 as never)).rejects.toMatchObject(refused)
    await expect(driver.set('a', '\udc00')).rejects.toMatchObject(refused)
    await expect(driver.get(7 as never)).rejects.toMatchObject({ code: 'KEY_INVALID' })
  })
})

describe('a store that fails', () => {
  const calls: readonly (readonly [string, (driver: BentocacheDriver) => Promise<unknown>])[] = [
    ['get', (driver) => driver.get('a')],
    ['pull', (driver) => driver.pull('a')],
    ['set', (driver) => driver.set('a', 'v')],
    ['delete', (driver) => driver.delete('a')],
    ['deleteMany', (driver) => driver.deleteMany(['a', 'b'])],
    ['clear', (driver) => driver.clear()],
  ]

  it.each(calls)('rejects: %s', async (_, call) => {
    const store = faultyStore(inProcessStore(), { seed: 7 })
    const driver = make(describeDriver({ store }))
    await driver.set('a', 'v')
    store.inject({ kind: 'throw' })
    await expect(call(driver)).rejects.toMatchObject({ code: 'STORE_FAILED' })
  })

  it.each(calls)('rejects by its deadline where it says nothing: %s', async (_, call) => {
    const store = faultyStore(inProcessStore(), { seed: 7 })
    const deadlines = { readDeadline: '20ms', writeDeadline: '20ms' }
    const driver = make(describeDriver({ store, ...deadlines }))
    await driver.set('a', 'v')
    store.inject({ kind: 'hang' })
    await expect(call(driver)).rejects.toMatchObject({ code: 'STORE_TIMEOUT' })
    store.heal()
  })
})
