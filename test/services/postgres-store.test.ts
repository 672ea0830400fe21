/** The suite of all stores on a real Postgres, for every way to reach it. */
import { afterAll, beforeAll, describe, it } from 'vitest'
import { storeSuite } from '../../src/testing/index.js'
import { Postgres } from '../support/postgres.js'
import { POSTGRES_KINDS } from '../support/postgres-clients.js'

let server: Postgres
beforeAll(async () => {
  server = await Postgres.start()
})
afterAll(() => server?.stop())

for (const { name, make } of POSTGRES_KINDS) {
  storeSuite({
    name,
    create: async () => {
      const { store, end } = make(server)
      const dispose = async () => {
        await store.close()
        await end()
      }
      return { store, dispose }
    },
    test: { describe, it: it.concurrent },
  })
}
