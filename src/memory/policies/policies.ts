/** The policies by name. */
import type { EvictionPolicyFactory, EvictionPolicyName } from '../../core/eviction-policy.js'
import { AdaptivePolicy } from './adaptive.js'
import { FifoPolicy } from './fifo.js'
import { LfuPolicy } from './lfu.js'
import { LruPolicy } from './lru.js'

const POLICIES: Readonly<Record<EvictionPolicyName, EvictionPolicyFactory>> = {
  adaptive: (room) => new AdaptivePolicy(room),
  lru: () => new LruPolicy(),
  lfu: () => new LfuPolicy(),
  fifo: () => new FifoPolicy(),
}

export function policyOf(
  policy: EvictionPolicyName | EvictionPolicyFactory = 'adaptive',
): EvictionPolicyFactory {
  return typeof policy === 'function' ? policy : POLICIES[policy]
}
