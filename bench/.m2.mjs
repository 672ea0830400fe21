import { LRUCache } from 'lru-cache'
import { createCache } from '../dist/index.js'

const cache = createCache({ ttl: '10m', memory: { maxEntries: 20000 } })
const ns = cache.namespace('u')
const lru = new LRUCache({ max: 20000 })
const keys = []
for (let i = 0; i < 10000; i++) {
  const k = 'key:' + i
  keys.push(k)
  lru.set(k, { i })
  await cache.set(k, { i })
  await ns.set(k, { i })
}
const N = 2e6
const load = async () => ({ i: 0 })
const S = {
  lru: async (n) => {
    let x = 0
    for (let i = 0; i < n; i++) x += (await Promise.resolve(lru.get(keys[(i * 7) % 1000]))).i
    return x
  },
  get: async (n) => {
    let x = 0
    for (let i = 0; i < n; i++) x += (await cache.get(keys[(i * 7) % 1000])).i
    return x
  },
  nsget: async (n) => {
    let x = 0
    for (let i = 0; i < n; i++) x += (await ns.get(keys[(i * 7) % 1000])).i
    return x
  },
  getOrSet: async (n) => {
    let x = 0
    for (let i = 0; i < n; i++) x += (await cache.getOrSet(keys[(i * 7) % 1000], load)).i
    return x
  },
  peek: async (n) => {
    let x = 0
    for (let i = 0; i < n; i++) x += cache.peek(keys[(i * 7) % 1000]).i
    return x
  },
  lrusync: async (n) => {
    let x = 0
    for (let i = 0; i < n; i++) x += lru.get(keys[(i * 7) % 1000]).i
    return x
  },
}
const R = {}
for (let r = 0; r < 7; r++)
  for (const s in S) {
    if (r == 0) await S[s](2e5)
    const t = process.hrtime.bigint()
    await S[s](N)
    ;(R[s] ??= []).push(Number(process.hrtime.bigint() - t) / N)
  }
for (const s in R) console.log(s, R[s].sort((a, b) => a - b)[3].toFixed(1))
await cache.close()
