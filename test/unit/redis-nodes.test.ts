/** The options of stores on several servers, and the replies by which a cluster redirects. */
import { describe, expect, it } from 'vitest'
import { readView } from '../../src/stores/redis/cluster/cluster-view.js'
import { keySlot } from '../../src/stores/redis/cluster/key-slot.js'
import { partsBySlot } from '../../src/stores/redis/cluster/parts-by-slot.js'
import { redirectIn } from '../../src/stores/redis/cluster/redirect.js'
import { redis } from '../../src/stores/redis/index.js'
import { leaseKey } from '../../src/stores/redis/lease-scripts.js'
import { resolveNodes, splitAddress } from '../../src/stores/redis/node-addresses.js'
import { type RedisOptions, resolveRedisOptions } from '../../src/stores/redis/options.js'

const refusal = (options: object): unknown => {
  try {
    return redis(options)
  } catch (error) {
    return error
  }
}

describe('nodes', () => {
  it('are taken as text and as host and port, with the usual port where none is said', () => {
    const nodes = [
      'a:7000',
      'b',
      '10.0.0.7:1',
      '[::1]:7001',
      '[fe80::2]',
      { host: 'c' },
      { host: 'd', port: 65_535 },
    ]
    expect(resolveNodes('cluster', nodes, 6_379)).toEqual([
      'a:7000',
      'b:6379',
      '10.0.0.7:1',
      '::1:7001',
      'fe80::2:6379',
      'c:6379',
      'd:65535',
    ])
    expect(splitAddress('::1:7001')).toEqual({ host: '::1', port: 7_001 })
    expect(splitAddress('a:7000')).toEqual({ host: 'a', port: 7_000 })
  })

  it.each<[RedisOptions | object, string]>([
    [{ cluster: [] }, "'cluster'"],
    [{ cluster: 'a:1' }, "'cluster' is 'a:1'"],
    [{ cluster: ['a:0'] }, "'cluster' is 'a:0'"],
    [{ cluster: ['a:65536'] }, "'cluster' is 'a:65536'"],
    [{ cluster: ['redis://a:1'] }, "'cluster' is 'redis://a:1'"],
    [{ cluster: ['user@a:1'] }, "'cluster'"],
    [{ cluster: [{ port: 1 }] }, "'cluster'"],
    [{ cluster: Array.from({ length: 65 }, () => 'a') }, "'cluster'"],
    [{ cluster: ['a'], url: 'redis://a' }, "'cluster' excludes 'url'"],
    [{ cluster: ['a'], db: 0 }, "'cluster' excludes 'db'"],
    [{ cluster: ['a'], sentinel: { name: 'm', nodes: ['a'] } }, "'cluster' excludes 'sentinel'"],
    [{ sentinel: { name: 'm', nodes: ['a'] }, host: 'b' }, "'sentinel' excludes 'host'"],
    [{ sentinel: { nodes: ['a'] } }, "'sentinel.name'"],
    [{ sentinel: { name: '', nodes: ['a'] } }, "'sentinel.name'"],
    [{ sentinel: { name: 'm', nodes: [] } }, "'sentinel.nodes'"],
    [{ sentinel: 'mymaster' }, "'sentinel' is 'mymaster'"],
    [{ addressMap: { 'a:1': 'b:2' } }, "'addressMap' is 'given'"],
    [{ cluster: ['a'], addressMap: { 'a:1': 'b:x' } }, "'addressMap' is 'b:x'"],
  ])('%j is refused by name', (options, says) => {
    const message = expect.stringContaining(says)
    expect(refusal(options)).toMatchObject({ code: 'OPTION_INVALID', message })
  })

  it('refuse what they do not know', () => {
    const sentinel = { name: 'm', nodes: ['a'], db: 1 }
    expect(refusal({ sentinel })).toMatchObject({ code: 'OPTION_UNKNOWN' })
  })

  it('are resolved once: the sentinels have a password of their own, and the map has ports', () => {
    const resolved = resolveRedisOptions({
      sentinel: { name: 'm', nodes: ['a'], password: 'theirs' },
      password: 'of the servers',
      addressMap: { '10.0.0.7': 'localhost:7001' },
    })
    expect(resolved.sentinel).toMatchObject({ name: 'm', nodes: ['a:26379'] })
    expect(resolved.sentinel!.target.password).toBe('theirs')
    expect(resolved.target.password).toBe('of the servers')
    expect([...resolved.addressMap]).toEqual([['10.0.0.7:6379', 'localhost:7001']])
  })
})

describe('redirects', () => {
  const said = (message: string) => redirectIn(new Error('call', { cause: new Error(message) }))

  it('are read from the replies that say so, and from nothing else', () => {
    expect(said('MOVED 12182 127.0.0.1:7001')).toEqual({
      kind: 'moved',
      slot: 12_182,
      address: '127.0.0.1:7001',
    })
    expect(said('ASK 1 ::1:7001')).toEqual({ kind: 'ask', address: '::1:7001' })
    expect(said('TRYAGAIN Multiple keys request')).toEqual({ kind: 'again' })
    for (const other of ['CLUSTERDOWN Hash slot not served', 'MOVED', 'ERR MOVED 1 a:1', '']) {
      expect(said(other)).toBeUndefined()
    }
    expect(redirectIn(undefined)).toBeUndefined()
  })

  it('lead to where the nodes say they are; one that does not know is where it was asked', () => {
    const info = 'cluster_state:ok\r\ncluster_current_epoch:7\r\n'
    const row = (host: string | null) => [0, 5, [host, 7_000, 'id'], ['replica', 1, 'other']]
    for (const unknown of ['', '?', null]) {
      expect(readView([info, [row(unknown)]], 'asked').ranges[0]!.address).toBe('asked:7000')
    }
    expect(readView([info, [row('10.0.0.7')]], 'asked')).toEqual({
      epoch: 7,
      isOk: true,
      ranges: [{ from: 0, to: 5, address: '10.0.0.7:7000', id: 'id' }],
    })
    expect(readView(['cluster_state:fail', []], 'asked')).toMatchObject({ isOk: false, epoch: 0 })
  })
})

describe('parts by slot', () => {
  it('keep the order of the call, and tell where each item stood', () => {
    const keys = ['{a}1', '{b}1', '{a}2', '{c}1', '{b}2']
    const parts = partsBySlot(keys, (key) => key)
    expect(parts.map(({ part, at }) => [part, at])).toEqual([
      [
        ['{a}1', '{a}2'],
        [0, 2],
      ],
      [
        ['{b}1', '{b}2'],
        [1, 4],
      ],
      [['{c}1'], [3]],
    ])
    for (const { slot, part } of parts) for (const key of part) expect(keySlot(key)).toBe(slot)
  })

  it('have the right to fill where the value is', () => {
    for (const key of ['shop:users:42', 'x{tag}y', '{tag}', 'a{b', 'é{ü}']) {
      expect(keySlot(leaseKey(key)), key).toBe(keySlot(key))
    }
  })
})
