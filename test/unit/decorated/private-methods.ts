/** What the standard form of decorators has alone: private methods. */
import type { Cache } from '../../../src/index.js'
import { answersOf, cached } from '../../../src/patterns/index.js'

function vaults(cache: Cache, calls: string[]) {
  class Vault {
    @cached(cache, { namespace: 'vault' })
    async #open(id: string): Promise<string> {
      calls.push(id)
      return `opened ${id}`
    }

    @cached(cache, { namespace: 'vault' })
    static async #count(): Promise<number> {
      return calls.length
    }

    open(id: string): Promise<string> {
      return this.#open(id)
    }

    close(id: string): Promise<string | false> {
      return answersOf(this, this.#open).invalidate(id)
    }

    keys(id: string): string[] {
      return [answersOf(this, this.#open).keyOf(id), answersOf(Vault, Vault.#count).keyOf()]
    }
  }
  return Vault
}

function unspaced(cache: Cache) {
  class Vault {
    @cached(cache)
    async #open(): Promise<number> {
      return 1
    }

    open(): Promise<number> {
      return this.#open()
    }
  }
  return Vault
}

function accessors(cache: Cache) {
  class Vault {
    // @ts-expect-error: for methods
    @cached(cache)
    accessor total = async () => 1
  }
  return Vault
}

export const privateMethods = { vaults, unspaced, accessors }
