/**
 * A store on the master that sentinels name: one server like any other, found anew whenever another
 * takes its place. Its log lies beside its values, so a failover begins a new epoch of it, and
 * whatever the new master lacks is out of date.
 */
import { DialedLink } from '../dialed-link.js'
import { loadDial } from '../load-client.js'
import { splitAddress } from '../node-addresses.js'
import type { ResolvedRedisOptions, ResolvedSentinel } from '../options.js'
import { RedisStore } from '../redis-store.js'
import { SentinelLink } from './sentinel-link.js'
import { SentinelWatch } from './sentinel-watch.js'

export function sentinelStore(
  sentinel: ResolvedSentinel,
  { driver, target, addressMap }: ResolvedRedisOptions,
): RedisStore {
  const reached = (address: string) => splitAddress(addressMap.get(address) ?? address)
  const load = () => loadDial(driver)
  const links = sentinel.nodes.map((address) => {
    return new DialedLink({ ...sentinel.target, ...reached(address) }, load)
  })
  const watch = new SentinelWatch(sentinel.name, links)
  let dialed: string | undefined
  const link = new DialedLink(target, load, {
    // Dialed once there is somebody to dial: until then the attempt fails and is repeated.
    placeOf: () => {
      dialed = watch.address
      if (dialed === undefined) throw watch.cause
      return reached(dialed)
    },
    probe: async (connection) => {
      const [role] = (await connection.send(['role'])) as readonly unknown[]
      if (String(role) !== 'master') throw new Error(`it is no master, but a ${String(role)}`)
    },
  })
  const subscriber = () => {
    const placeOf = () => {
      if (watch.address === undefined) throw watch.cause
      return reached(watch.address)
    }
    return new DialedLink(target, load, { placeOf })
  }
  return new RedisStore(new SentinelLink(watch, link, () => dialed), subscriber)
}
