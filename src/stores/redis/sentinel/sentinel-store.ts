/**
 * A store on the master that sentinels name: one server like any other, found anew whenever another
 * takes its place. Its log lies beside its values, so a failover begins a new epoch of it, and
 * whatever the new master lacks is out of date.
 */
import { DialedLink } from '../dialed-link.js'
import { loadDial } from '../load-client.js'
import { reachedAt } from '../node-addresses.js'
import type { ResolvedRedisOptions, ResolvedSentinel } from '../options.js'
import { RedisStore } from '../redis-store.js'
import { SentinelLink } from './sentinel-link.js'
import { SentinelWatch } from './sentinel-watch.js'

export function sentinelStore(
  sentinel: ResolvedSentinel,
  { driver, target, addressMap }: ResolvedRedisOptions,
): RedisStore {
  const load = () => loadDial(driver)
  const links = sentinel.nodes.map((address) => {
    return new DialedLink({ ...sentinel.target, ...reachedAt(address, addressMap) }, load)
  })
  const watch = new SentinelWatch(sentinel.name, links)
  const master = () => {
    if (watch.address === undefined) throw watch.cause
    return watch.address
  }
  let dialed: string | undefined
  const link = new DialedLink(target, load, {
    placeOf: () => {
      dialed = master()
      return reachedAt(dialed, addressMap)
    },
    probe: async (connection) => {
      const [role] = (await connection.send(['role'])) as readonly unknown[]
      if (String(role) !== 'master') throw new Error(`it is no master, but a ${String(role)}`)
    },
  })
  const subscriber = () => {
    return new DialedLink(target, load, { placeOf: () => reachedAt(master(), addressMap) })
  }
  return new RedisStore(new SentinelLink(watch, link, () => dialed), subscriber)
}
