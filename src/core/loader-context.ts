/** What a loader is given and what it said: its tags, its ttl, its wish not to be kept. */
import type { LoaderContext } from './api.js'
import type { Duration } from './duration.js'
import { readOption } from './option-reading.js'
import { checkTag } from './options.js'

const MAX_LOADER_TAGS = 64

export class LoadContext implements LoaderContext {
  readonly key: string
  readonly stale: unknown
  saidSkip = false
  saidTtlMs: number | undefined
  readonly saidTags: string[] = []
  #controller: AbortController | undefined
  #abortReason: unknown

  constructor(key: string, stale: unknown) {
    this.key = key
    this.stale = stale
  }

  /** Made when first asked for: most loaders never do, and a controller costs a microsecond. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason)
    }
    return this.#controller.signal
  }

  tag = (...tags: string[]): void => {
    for (const tag of tags) {
      checkTag(tag, `loader of '${this.key.slice(0, 64)}'`)
      if (this.saidTags.length < MAX_LOADER_TAGS && !this.saidTags.includes(tag))
        this.saidTags.push(tag)
    }
  }

  ttl = (ttl: Duration): void => {
    this.saidTtlMs = readOption({ ttl }, 'ttl', `loader of '${this.key.slice(0, 64)}'`) as number
  }

  skip = (): void => {
    this.saidSkip = true
  }

  abort(reason: unknown): void {
    this.#abortReason = reason
    this.#controller?.abort(reason)
  }
}
