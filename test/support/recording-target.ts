/** What a cache is to the patterns that invalidate: here it writes down what it was asked. */
import type { Cache, CacheStats } from '../../src/core/api.js'
import type { InvalidationTarget } from '../../src/patterns/index.js'

export interface RecordingTarget extends InvalidationTarget, Pick<Cache, 'stats'> {
  /** `delete`, `tag` or `pattern`, the namespace, the name; in order. */
  readonly asked: readonly (readonly [verb: string, namespace: string, name: string])[]
  /** How often a verb was called: `invalidateTags` takes many names at once. */
  readonly calls: number
  /** What every verb answers from now on; an error is thrown. */
  answer: boolean | Error | ((name: string) => Promise<boolean>)
  breaker: 'closed' | 'open'
}

export function recordingTarget(): RecordingTarget {
  const asked: [string, string, string][] = []
  let calls = 0
  const note = async (verb: string, namespace: string, names: readonly string[]) => {
    calls++
    for (const name of names) asked.push([verb, namespace, name])
    const { answer } = target
    if (answer instanceof Error) throw answer
    const isConfirmed = await (typeof answer === 'function' ? answer(names[0]!) : answer)
    return isConfirmed && 'a token'
  }
  const scope = (namespace: string) => ({
    delete: (key: string) => note('delete', namespace, [key]),
    invalidatePattern: (pattern: string) => note('pattern', namespace, [pattern]),
    invalidateTags: (tags: readonly string[]) => note('tag', namespace, tags),
    namespace: (name: string) => scope(namespace === '' ? name : `${namespace}.${name}`),
  })
  const target = {
    ...scope(''),
    asked,
    get calls() {
      return calls
    },
    answer: true as RecordingTarget['answer'],
    breaker: 'closed' as RecordingTarget['breaker'],
    // The relay reads nothing else of them.
    stats: () => ({ store: { breaker: target.breaker } }) as CacheStats,
  }
  return target
}
