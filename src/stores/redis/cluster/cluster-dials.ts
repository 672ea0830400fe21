/** How a cluster's nodes are dialed, each like the one server of `redis()`. */
import type { RedisTarget } from '../connection.js'
import { DialedLink } from '../dialed-link.js'
import { loadDial } from '../load-client.js'
import { reachedAt } from '../node-addresses.js'
import type { ResolvedRedisOptions } from '../options.js'
import type { ClusterDials } from './cluster-store.js'

export function clusterDials(
  seeds: readonly string[],
  { driver, target, addressMap }: ResolvedRedisOptions,
): ClusterDials {
  const targetAt = (address: string): RedisTarget => {
    return { ...target, ...reachedAt(address, addressMap) }
  }
  return {
    seeds,
    node: (address) => new DialedLink(targetAt(address), () => loadDial(driver)),
    subscriber: (addressOf) => {
      const placeOf = () => {
        const address = addressOf()
        if (address === undefined) throw new Error('the node of the log is not known')
        return reachedAt(address, addressMap)
      }
      return new DialedLink(target, () => loadDial(driver), { placeOf })
    },
  }
}
