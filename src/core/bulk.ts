/**
 * One bulk load for many keys, out of the path of single ones.
 *
 * Each key goes its own way through memory, store and flights; those that reach their loader wait
 * there until every key has done so, has its answer, or has joined a load of somebody else. One
 * call then loads them all. Nothing waits for another's load before starting its own: two bulk
 * loads cannot block each other.
 */
import type { BulkAnswer, BulkLoader, Loader } from './api.js'
import { CacheError } from './errors.js'
import type { Flight } from './flight.js'
import { runInLoadScope } from './load-scope.js'
import { invalidOption } from './option-reading.js'

export interface BulkRequest<T> {
  readonly keys: readonly string[]
  readonly load: BulkLoader<T>
  readonly hit: (key: string) => T | undefined
  readonly getOrLoad: (
    key: string,
    loader: Loader<T | undefined>,
    onShared: () => void,
  ) => Promise<T | undefined>
  readonly flightOf: (key: string) => Flight | undefined
}

interface Waiting<T> {
  readonly key: string
  readonly signal: AbortSignal
  readonly resolve: (value: T | undefined) => void
  readonly reject: (error: unknown) => void
}

export async function loadMany<T>(request: BulkRequest<T>): Promise<(T | undefined)[]> {
  if (typeof request.load !== 'function')
    throw invalidOption('getOrSetMany', 'load', request.load, 'a function')
  const answers = new Map<string, T | Promise<T | undefined>>()
  for (const key of request.keys) {
    const value = request.hit(key)
    if (value !== undefined) answers.set(key, value)
  }
  const lacking = new Set(request.keys.filter((key) => !answers.has(key)))
  const gathering = new Gathering(request, lacking.size)
  for (const key of lacking) answers.set(key, gathering.ask(key))
  return Promise.all(request.keys.map((key) => answers.get(key)))
}

class Gathering<T> {
  readonly #request: BulkRequest<T>
  #waiting: Waiting<T>[] = []
  #undecided: number

  constructor(request: BulkRequest<T>, undecided: number) {
    this.#request = request
    this.#undecided = undecided
  }

  ask(key: string): Promise<T | undefined> {
    let isDecided = false
    const decide = () => {
      if (isDecided) return
      isDecided = true
      this.#undecided--
      this.#launch()
    }
    const loader: Loader<T | undefined> = ({ signal }) =>
      new Promise((resolve, reject) => {
        this.#waiting.push({ key, signal, resolve, reject })
        decide()
        // Eager refreshes reach their loader after their keys were decided, one after the other.
        queueMicrotask(() => this.#launch())
      })
    const answer = this.#request.getOrLoad(key, loader, decide)
    answer.then(decide, decide)
    return answer
  }

  #launch(): void {
    if (this.#undecided > 0 || this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = []
    this.#load(waiting)
  }

  #load(waiting: readonly Waiting<T>[]): void {
    const { load, flightOf } = this.#request
    const keys = waiting.map((each) => each.key)
    const flights = keys.map(flightOf).filter((flight) => flight !== undefined)
    const onError = (error: unknown) => {
      for (const each of waiting) each.reject(error)
    }
    const onValue = (answer: BulkAnswer<T>) => {
      try {
        const read = reader(answer, keys)
        waiting.forEach((each, i) => {
          each.resolve(read(each.key, i))
        })
      } catch (error) {
        onError(error)
      }
    }
    const { signal } = waiting[0]!
    const run = () => load([...keys], { signal })
    runInLoadScope<BulkAnswer<T>>({ flights, run, onValue, onError })
  }
}

function reader<T>(
  answer: BulkAnswer<T>,
  keys: readonly string[],
): (key: string, index: number) => T | undefined {
  if (answer instanceof Map) return (key) => answer.get(key) as T | undefined
  if (Array.isArray(answer) && answer.length === keys.length)
    return (_, index) => answer[index] as T | undefined
  const got = Array.isArray(answer) ? `an array of ${answer.length}` : typeof answer
  throw new CacheError(
    'LOADER_RESULT',
    `a bulk loader must answer with a Map or with an array of ${keys.length} values, not ${got}`,
  )
}
