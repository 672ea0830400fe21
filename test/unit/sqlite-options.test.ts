import { describe, expect, it } from 'vitest'
import { sqlite } from '../../src/stores/sqlite/index.js'
import { resolveSqliteOptions } from '../../src/stores/sqlite/options.js'
import { loadSqlite } from '../../src/stores/sqlite/sqlite-library.js'

describe('sqlite options', () => {
  it('have defaults', () => {
    expect(resolveSqliteOptions({})).toEqual({
      path: ':memory:',
      table: 'cachewright',
      maxEntries: 1_000_000,
      maxBytes: 1_024 ** 3,
      sweepIntervalMs: 10_000,
    })
  })

  it.each<[object, RegExp]>([
    [{ path: '' }, /'path' is '';.*':memory:'/],
    [{ path: 'a\0b' }, /'path' is /],
    [{ table: 'a b' }, /'table' is 'a b';.*letters/],
    [{ maxEntries: 1 }, /'maxEntries' is 1;.*1000/],
    [{ maxBytes: 5 }, /'maxBytes' is 5;.*1 MiB/],
    [{ sweepInterval: '2h' }, /'sweepInterval' is '2h';.*1h/],
    [{ file: 'x' }, /unknown option 'file'/],
    [null as never, /'options' is null/],
  ])('refuse %j', (options, message) => {
    expect(() => sqlite(options)).toThrow(message)
  })
})

describe('the library', () => {
  const absent = (name: string, code: string) => {
    return Object.assign(new Error(`No such module: ${name}`), { code })
  }
  class DatabaseSync {
    readonly path: string
    constructor(path: string) {
      this.path = path
    }
  }

  it('is the built-in one where there is one, else the package', async () => {
    const asked: string[] = []
    const open = await loadSqlite(async (name) => {
      asked.push(name)
      if (name === 'node:sqlite') throw absent(name, 'ERR_UNKNOWN_BUILTIN_MODULE')
      return { DatabaseSync }
    })
    expect(asked).toEqual(['node:sqlite', '@photostructure/sqlite'])
    expect(open('x')).toEqual({ path: 'x' })
    const built = await loadSqlite(async (name) => {
      expect(name).toBe('node:sqlite')
      return { DatabaseSync }
    })
    expect(built('y')).toEqual({ path: 'y' })
  })

  it('is told to be missing where there is neither', async () => {
    const none = loadSqlite(async (name) => {
      throw absent(
        name,
        name === 'node:sqlite' ? 'ERR_UNKNOWN_BUILTIN_MODULE' : 'ERR_MODULE_NOT_FOUND',
      )
    })
    await expect(none).rejects.toMatchObject({ code: 'CLIENT_MISSING' })
  })

  it('is told to be broken where it is', async () => {
    const broken = loadSqlite(async () => {
      throw new Error('a broken binary')
    })
    await expect(broken).rejects.toThrow('a broken binary')
  })
})
