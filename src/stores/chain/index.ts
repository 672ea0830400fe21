/** The door `cachewright/chain`: stores behind one another. */
import type { Store } from '../../core/contracts.js'
import { invalidOption } from '../../core/option-reading.js'
import { ChainStore } from './chain-store.js'

/**
 * A store of several, the fastest first: what one of them lacks is looked for in the next. Coherent
 * through the log of the first. Throws OPTION_INVALID where one of them keeps no log, or where a
 * later one is a cluster: lives of single servers are not told.
 *
 * ```ts
 * const cache = createCache({ store: chain(redis(), postgres()) })
 * ```
 */
export function chain(first: Store, second: Store, ...others: readonly Store[]): Store {
  for (const [i, store] of [first, second, ...others].entries()) check(store, i)
  const [third, ...rest] = others
  return new ChainStore(first, third === undefined ? second : chain(second, third, ...rest))
}

function check(store: Store, i: number): void {
  const has = (name: string) =>
    typeof (store as Store | undefined)?.[name as keyof Store] === 'function'
  if (!has('log') || !has('leaseMany') || !has('fillMany')) {
    const range = 'a store that keeps a log, such as redis() or postgres()'
    throw invalidOption('chain', `stores[${i}]`, store, range)
  }
  if (i > 0 && has('bornFloor')) {
    throw invalidOption(
      'chain',
      `stores[${i}]`,
      store,
      'one server: a cluster can only be the first',
    )
  }
}
