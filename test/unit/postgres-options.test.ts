import { describe, expect, it } from 'vitest'
import { endOfPrefix, keyOf, textOf } from '../../src/stores/key-text.js'
import {
  type PostgresOptions,
  postgres,
  postgresMigration,
} from '../../src/stores/postgres/index.js'
import { resolvePostgresOptions } from '../../src/stores/postgres/options.js'

const URL = 'postgres://ann:secret@db.example:5433/shop'

describe('postgres options', () => {
  it('have defaults', () => {
    expect(resolvePostgresOptions({})).toEqual({
      client: undefined,
      target: { settings: {}, connectTimeoutMs: 5_000 },
      schema: 'public',
      table: 'cachewright',
      isUnlogged: true,
      migrates: true,
      prepares: true,
      maxEntries: 1_000_000,
      maxBytes: 1_024 ** 3,
      sweepIntervalMs: 10_000,
    })
  })

  it('are resolved once, and never written to', () => {
    const tls = { ca: 'x' }
    const options: PostgresOptions = Object.freeze({
      url: URL,
      tls,
      connectTimeout: '250ms',
      maxBytes: '2gb',
      sweepInterval: 1,
    })
    const { target, maxBytes, sweepIntervalMs } = resolvePostgresOptions(options)
    expect(target).toEqual({
      settings: { connectionString: URL, ssl: tls },
      connectTimeoutMs: 250,
    })
    expect([maxBytes, sweepIntervalMs]).toEqual([2 * 1_024 ** 3, 1_000])
  })

  it.each<[object, RegExp]>([
    [{ url: 'mysql://h' }, /'url' must be a string as 'postgres:/],
    [{ url: URL, host: 'h' }, /'url' excludes 'host'/],
    [{ client: {} }, /'client' is .*query\(text, values\)/],
    [{ client: { query() {} }, url: URL }, /'client' excludes 'url'/],
    [{ port: 0 }, /'port' is 0;.*1 to 65535/],
    [{ schema: 'a"b' }, /'schema' is 'a"b';.*letters, digits/],
    [{ table: 'x'.repeat(41) }, /'table' is .*1 to 40/],
    [{ table: 5 }, /'table' is 5/],
    [{ unlogged: 'yes' }, /'unlogged' is 'yes';.*true \| false/],
    [{ maxEntries: 10 }, /'maxEntries' is 10;.*1000 to/],
    [{ maxBytes: '1kb' }, /'maxBytes' is '1kb';.*1 MiB/],
    [{ sweepInterval: '1ms' }, /'sweepInterval' is '1ms';.*100ms/],
    [{ connectTimeout: 5_000 }, /'connectTimeout' is 5000/],
    [{ tls: 'on' }, /'tls' is 'on'/],
    [{ password: 5 }, /'password' is 'a number'/],
    [{ tabel: 'x' }, /unknown option 'tabel'/],
    [null as never, /'options' is null/],
  ])('refuse %j', (options, message) => {
    expect(() => postgres(options)).toThrow(message)
  })

  it('never show a password', () => {
    const refused = [{ url: 'postgres ://ann:secret@h' }, { password: 5 }, { url: URL, user: 'x' }]
    for (const options of refused) {
      expect(() => postgres(options as never)).toThrow(/^(?!.*secret).*$/)
    }
  })

  it('decide what the migration makes', () => {
    expect(postgresMigration()).toContain(
      'CREATE UNLOGGED TABLE IF NOT EXISTS "public"."cachewright"',
    )
    const logged = postgresMigration({ schema: 'app', table: 'kept', unlogged: false })
    expect(logged).toContain('CREATE TABLE IF NOT EXISTS "app"."kept"')
    expect(logged).not.toContain('UNLOGGED')
    expect(() => postgresMigration({ table: '1' })).toThrow(/'table' is '1'/)
  })
})

describe('keys as text', () => {
  it.each(['', 'plain', '\0', 'a\\b', '\\0', '\\\\0\0', '\0\\', '\u{1f600}'])('%j', (key) => {
    expect(textOf(key)).not.toContain('\0')
    expect(keyOf(textOf(key))).toBe(key)
  })

  it('have an end for each beginning', () => {
    expect(endOfPrefix('ab')).toBe('ac')
    expect(endOfPrefix('a\u{10ffff}')).toBe('b')
    expect(endOfPrefix('a\ud7ff')).toBe('a\ue000')
    expect(endOfPrefix('\u{10ffff}')).toBeUndefined()
    expect(endOfPrefix('')).toBeUndefined()
  })
})
