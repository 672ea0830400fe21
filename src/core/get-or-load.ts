/** What `getOrSet` does when memory has no answer that can be handed out without thought. */
import { answer } from './answer.js'
import type { Loader } from './api.js'
import { callPolicy } from './call-policy.js'
import type { Engine } from './engine.js'
import type { Found } from './entry.js'
import {
  type JoinListener,
  type JoinRequest,
  refreshEagerly,
  refreshSoftly,
  waitForLoad,
} from './join.js'
import { lookInMemory } from './look-in-memory.js'
import { invalidOption } from './option-reading.js'
import { type CallOptions, checkCall } from './options.js'
import type { Space } from './space.js'
import { storeKeyOf } from './store-key.js'

export interface GetOrLoad {
  readonly space: Space
  readonly key: string
  readonly loader: Loader<unknown>
  readonly options: CallOptions | undefined
  readonly onShared: JoinListener['onShared']
}

/** Rejects with what is wrong with the call, before anything else. */
export function getOrLoad(engine: Engine, call: GetOrLoad): Promise<unknown> {
  return new Promise((resolve, onFailed) => {
    const { space, key, loader, options, onShared } = call
    if (options !== undefined) checkCall(options, 'getOrSet')
    const policy = callPolicy(engine, space, options, 'call', 'getOrSet')
    if (typeof loader !== 'function') {
      throw invalidOption('getOrSet', 'loader', loader, 'a function')
    }
    const storeKey = storeKeyOf(engine, space, key)
    const signal = options?.signal
    signal?.throwIfAborted()
    const find = (kind: JoinRequest['kind']) => {
      const previous = kind === 'alone' ? undefined : lookInMemory(engine, space, key)
      const onFound = (found: Found) => resolve(answer(engine, space, key, found))
      const request = { space, key, loader, policy, storeKey, kind, previous, signal }
      if (kind === 'shared' && previous?.state === 'fresh') {
        refreshEagerly(engine, request)
        onFound(previous)
      } else if (kind === 'shared' && previous?.isSoft === true) {
        refreshSoftly(engine, request)
        onFound(previous)
      } else waitForLoad(engine, request, { onShared, onFound, onFailed })
    }
    const kind = options?.fresh === true ? 'fresh' : 'shared'
    if (options?.after === undefined) find(kind)
    else void engine.coherence.hear(options.after).then((isHeard) => find(isHeard ? kind : 'alone'))
  })
}
