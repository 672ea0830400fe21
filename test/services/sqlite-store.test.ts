/** The suite of all stores on SQLite: in memory, and in a file that others use as well. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, it } from 'vitest'
import { sqlite } from '../../src/stores/sqlite/index.js'
import { storeSuite } from '../../src/testing/index.js'

const folder = mkdtempSync(join(tmpdir(), 'cachewright-sqlite-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

for (const [name, path] of [
  ['SQLite, in memory', ':memory:'],
  ['SQLite, in a file', join(folder, 'suite.db')],
] as const) {
  storeSuite({
    name,
    create: async () => {
      const store = sqlite({ path })
      return { store, dispose: () => store.close() }
    },
    test: { describe, it },
  })
}
