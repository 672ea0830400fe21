/** What a loader is given and what it said: its tags, its ttl, its wish not to be kept. */
import type { LoaderContext } from './api.js'
import type { DependencyRef } from './dependency.js'
import { readOption } from './option-reading.js'
import { addTag } from './options.js'

/** Knows the tag of what an entry depends on. */
export interface DependencyTags {
  /** The tags and that one. */
  withDependency(tags: readonly string[], ref: DependencyRef, where: string): readonly string[]
}

export class LoadContext implements LoaderContext {
  readonly key: string
  readonly stale: unknown
  saidSkip = false
  saidTtlMs: number | undefined
  /** Those of the policy, and what the loader adds. */
  tags: readonly string[]
  #controller: AbortController | undefined
  #abortReason: unknown

  readonly #dependencies: DependencyTags

  constructor(key: string, stale: unknown, tags: readonly string[], dependencies: DependencyTags) {
    this.key = key
    this.#dependencies = dependencies
    this.stale = stale
    this.tags = tags
  }

  /** Made when first asked for: most loaders never do, and a controller costs a microsecond. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason)
    }
    return this.#controller.signal
  }

  get #where(): string {
    return `loader of '${this.key.slice(0, 64)}'`
  }

  // Made when asked for, each bound to this context: loaders take them out of it by destructuring,
  // and most ask for none.
  get tag(): LoaderContext['tag'] {
    return (...tags) => {
      for (const tag of tags) this.tags = addTag(this.tags, tag, this.#where)
    }
  }

  get dependsOn(): LoaderContext['dependsOn'] {
    return (...refs) => {
      for (const ref of refs)
        this.tags = this.#dependencies.withDependency(this.tags, ref, this.#where)
    }
  }

  get ttl(): LoaderContext['ttl'] {
    return (ttl) => {
      this.saidTtlMs = readOption({ ttl }, 'ttl', this.#where) as number
    }
  }

  get skip(): LoaderContext['skip'] {
    return () => {
      this.saidSkip = true
    }
  }

  abort(reason: unknown): void {
    this.#abortReason = reason
    this.#controller?.abort(reason)
  }
}
