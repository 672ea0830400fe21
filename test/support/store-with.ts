/** A store whose methods can be replaced one by one; the others are those of the store within. */
import type { Store } from '../../src/core/contracts.js'

export function storeWith<S extends Store>(inner: S, replaced: Partial<Store>): S {
  return new Proxy(inner, {
    get(target, name) {
      const own = Reflect.get(replaced, name)
      const member = own ?? Reflect.get(target, name)
      // Private fields are the target's: a method called on the proxy would not find them.
      return own === undefined && typeof member === 'function' ? member.bind(target) : member
    },
  })
}
