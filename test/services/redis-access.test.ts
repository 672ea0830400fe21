/**
 * Getting in: users, passwords, databases, TLS; and being kept out.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Certificate, makeCertificate } from '../support/certificate.js'
import { OWN_CLIENTS } from '../support/redis-clients.js'
import { type RedisServer, startRedisServer } from '../support/redis-server.js'
import { watched } from '../support/watched-store.js'

const value = { bytes: Buffer.from('v'), ttlMs: 60_000 }
const PASSWORD = 'p@ss:w/rd#%é'
const USERS = [
  ...['--user', 'default', 'off'],
  ...['--user', 'ann', 'on', `>${PASSWORD}`, '~*', '+@all'],
  // May not PING, INFO, SELECT or set client info.
  ...['--user', 'bob', 'on', '>bob', '~*', '+mget', '+set', '+del', '+unlink', '+auth', '-ping'],
  ...['+eval', '+evalsha', '+exists'],
]

describe.each(OWN_CLIENTS)('access: $name', ({ name, make }) => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedisServer({ args: [...USERS, '--databases', '20'] })
  })
  afterAll(() => server?.stop())

  it('enters as an ACL user, by options or by URL, into the database asked for', async () => {
    const byOptions = watched(
      make({ host: server.host, port: server.port, username: 'ann', password: PASSWORD, db: 17 }),
    )
    await byOptions.up()
    await byOptions.store.setMany([{ key: name, ...value }])
    const user = `ann:${encodeURIComponent(PASSWORD)}`
    const urlTo = (db: string) => `redis://${user}@${server.host}:${server.port}${db}`
    for (const [db, found] of [
      ['/17', true],
      ['?db=17', true],
      ['/3', false],
      ['', false],
    ] as const) {
      const byUrl = watched(make({ url: urlTo(db) }))
      await byUrl.up()
      const [read] = await byUrl.store.getMany([name])
      expect(read !== undefined, `db '${db}'`).toBe(found)
      await byUrl.store.close()
    }
    await byOptions.store.close()
  })

  it.each([
    ['a wrong password', { username: 'ann', password: 'wrong' }, /WRONGPASS/],
    ['no password', {}, /NOAUTH|WRONGPASS/],
    ['a database that is not there', { username: 'ann', password: PASSWORD, db: 99 }, /DB index/],
  ])('stays away and says why with %s', async (_, access, reason) => {
    const watch = watched(make({ host: server.host, port: server.port, ...access }))
    const { store, down } = watch
    expect(String(await down())).toMatch(reason)
    await expect(store.getMany(['a'])).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(reason),
    })
    expect(watch.ups).toBe(0)
    await store.close()
  })

  it('works for a user who may do no more than the store needs', async () => {
    const bob = watched(
      make({ host: server.host, port: server.port, username: 'bob', password: 'bob' }),
    )
    await bob.up()
    await bob.store.setMany([{ key: 'bob', ...value }])
    await bob.store.ping()
    expect(await bob.store.deleteMany(['bob'])).toBe(1)
    await bob.store.close()
  })
})

describe.each(OWN_CLIENTS)('TLS: $name', ({ make }) => {
  let server: RedisServer | undefined
  let certificate: Certificate | undefined
  let whyNot: string | undefined
  beforeAll(async () => {
    certificate = makeCertificate()
    if (certificate === undefined) {
      whyNot = 'openssl is absent: no certificate to test TLS with'
      return
    }
    try {
      server = await startRedisServer({ tls: certificate })
    } catch (error) {
      whyNot = `this redis-server does not serve TLS: ${String(error).slice(0, 200)}`
    }
  })
  afterAll(async () => {
    await server?.stop()
    certificate?.remove()
  })

  it('trusts the authority it is given', async (context) => {
    // reason: whyNot tells it.
    if (server === undefined || certificate === undefined) return context.skip(whyNot)
    const tls = Object.freeze({ ca: certificate.pem })
    for (const options of [
      { url: server.url, tls },
      { host: 'localhost', port: server.port, tls },
    ]) {
      const { store, up } = watched(make(options))
      await up()
      await store.setMany([{ key: 'tls', ...value }])
      expect((await store.getMany(['tls']))[0]?.length).toBe(1)
      await store.close()
    }
  })

  it('refuses a certificate that nobody vouches for', async (context) => {
    // reason: whyNot tells it.
    if (server === undefined) return context.skip(whyNot)
    const { store, down } = watched(make({ url: server.url }))
    expect(String(await down())).toMatch(/self-signed|self signed|unable to verify/)
    await expect(store.ping()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await store.close()
  })

  it('is up again after a restart', async (context) => {
    // reason: whyNot tells it.
    if (server === undefined || certificate === undefined) return context.skip(whyNot)
    const { store, up, down } = watched(make({ url: server.url, tls: { ca: certificate.pem } }))
    await up()
    await server.restart()
    await down()
    await up(1)
    await store.ping()
    await store.close()
  })
})
