/**
 * The service: five JSON routes and a page, on loopback.
 *
 * Validates what comes in, asks whichever source is current, and turns the answer into bytes. It
 * does not know whether there is a cache: the same code serves the runs with and without.
 */

import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { plainName } from './cities.js'
import type { CitySource } from './city-source.js'
import { PAGE_HEADERS, STATS_PAGE } from './stats-page.js'
import type { Teardown } from './teardown.js'

const MAX_CONNECTIONS = 1_024
const REQUEST_TIMEOUT_MS = 10_000
const MAX_ID = 2 ** 31 - 1
const MIN_PREFIX_CHARS = 2
const MAX_PREFIX_CHARS = 40
const MAX_LIMIT = 50
const DEFAULT_LIMIT = '10'

export interface ApiOptions {
  readonly port: number
  /** Asked for each request, so that the source can change between runs. */
  readonly source: () => CitySource
  /** What /stats answers. */
  readonly stats: () => unknown
  /** Told after each answer, and what went wrong if the source failed. */
  readonly onAnswer: (elapsedMs: number, failure: unknown) => void
}

/** Refuses a request: becomes a status and a line of JSON. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

/** Resolves to the base address when it listens; rejects if the port is taken. */
export async function openApi(options: ApiOptions, teardown: Teardown): Promise<string> {
  const server = teardown.own('HTTP server', () => createApi(options), closeServer)
  server.listen(options.port, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return `http://127.0.0.1:${port}`
}

function createApi(options: ApiOptions): Server {
  const server = createServer((request, response) => {
    void answer(request, response, options)
  })
  server.maxConnections = MAX_CONNECTIONS
  server.requestTimeout = REQUEST_TIMEOUT_MS
  return server
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}

/** Never rejects. */
async function answer(request: IncomingMessage, response: ServerResponse, options: ApiOptions) {
  const startedMs = performance.now()
  try {
    if (request.method !== 'GET') throw new Refusal(405, 'only GET')
    const url = readUrl(request.url)
    if (url.pathname === '/') {
      response.writeHead(200, PAGE_HEADERS).end(STATS_PAGE)
    } else if (url.pathname === '/stats') {
      sendJson(response, 200, options.stats())
    } else {
      sendJson(response, 200, await route(url, options.source()))
      options.onAnswer(performance.now() - startedMs, undefined)
    }
  } catch (error) {
    const refused = error instanceof Refusal
    sendJson(response, refused ? error.status : 500, {
      error: refused ? error.message : 'the source failed',
    })
    options.onAnswer(performance.now() - startedMs, refused ? undefined : error)
  }
}

async function route(url: URL, source: CitySource): Promise<unknown> {
  const [first, second, third, ...rest] = url.pathname.slice(1).split('/')
  if (rest.length > 0) throw new Refusal(404, 'no such page')
  if (first === 'cities' && second !== undefined && third === undefined) {
    return found(await source.city(readId(second)), 'no such city')
  }
  if (first === 'countries' && second !== undefined && third === 'biggest') {
    const limit = readNumber(url, 'limit', 1, MAX_LIMIT, DEFAULT_LIMIT)
    if (!Number.isInteger(limit)) throw new Refusal(400, 'limit is not a whole number')
    const cities = await source.biggest(readCountry(second), limit)
    return found(cities.length === 0 ? null : cities, 'no such country')
  }
  if (second !== undefined) throw new Refusal(404, 'no such page')
  if (first === 'search') return source.search(readPrefix(url))
  if (first === 'nearest') {
    // a hundredth of a degree is a kilometre: near enough, and neighbours share an answer
    const hundredth = (degrees: number) => Math.round(degrees * 100) / 100 + 0
    const lat = hundredth(readNumber(url, 'lat', -90, 90))
    return source.nearest(lat, hundredth(readNumber(url, 'lon', -180, 180)))
  }
  throw new Refusal(404, 'no such page')
}

function found<T>(value: T | null, otherwise: string): T {
  if (value === null) throw new Refusal(404, otherwise)
  return value
}

function readUrl(target = '/'): URL {
  const base = 'http://localhost'
  if (!target.startsWith('/') || !URL.canParse(base + target))
    throw new Refusal(400, 'no such address')
  return new URL(base + target)
}

function readId(text: string): number {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : 0
  if (id >= 1 && id <= MAX_ID) return id
  throw new Refusal(400, `the id is not a whole number from 1 to ${MAX_ID}`)
}

function readCountry(text: string): string {
  if (/^[a-z]{2}$/i.test(text)) return text.toUpperCase()
  throw new Refusal(400, 'the country is not a code of two letters')
}

function readPrefix(url: URL): string {
  const prefix = plainName((url.searchParams.get('q') ?? '').slice(0, 4 * MAX_PREFIX_CHARS))
  if (
    prefix.length >= MIN_PREFIX_CHARS &&
    prefix.length <= MAX_PREFIX_CHARS &&
    !prefix.includes('\0')
  ) {
    return prefix.toWellFormed()
  }
  throw new Refusal(400, `q is not ${MIN_PREFIX_CHARS} to ${MAX_PREFIX_CHARS} letters`)
}

function readNumber(url: URL, name: string, min: number, max: number, fallback = ''): number {
  const text = url.searchParams.get(name) ?? fallback
  const value = /^-?\d{1,3}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new Refusal(400, `${name} is not a number from ${min} to ${max}`)
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value))
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': body.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  response.end(body)
}
