/** A namespace by its name: the one that is there, or a new one under the policy above it. */

import type { MemoryShare } from './contracts.js'
import type { Engine } from './engine.js'
import { resolveMemoryShare } from './memory-options.js'
import { invalidOption } from './option-reading.js'
import { type NamespaceOptions, type Policy, resolvePolicy } from './options.js'
import type { Space } from './space.js'

/** Throws OPTION_INVALID also where options are given for a namespace that is there already. */
export function spaceFor(
  engine: Engine,
  above: Policy,
  name: string,
  options: NamespaceOptions | undefined,
): Space {
  const where = `namespace '${name}'`
  const existing = engine.findSpace(name)
  if (existing !== undefined && options !== undefined) {
    const allowed = 'given once, where the namespace is first named'
    throw invalidOption(where, 'options', options, allowed)
  }
  return existing ?? makeSpace(engine, above, name, options ?? {}, where)
}

function makeSpace(
  engine: Engine,
  above: Policy,
  name: string,
  options: NamespaceOptions,
  where: string,
): Space {
  const policy = resolvePolicy(above, options, 'namespace', where)
  const { schema } = options
  if (schema !== undefined && typeof schema['~standard']?.validate !== 'function') {
    const allowed = 'a Standard Schema (an object with ~standard.validate)'
    throw invalidOption(where, 'schema', schema, allowed)
  }
  return engine.space(name, policy, schema, where, shareOf(engine, options, where))
}

function shareOf(
  { memory }: Engine,
  { memoryShare }: NamespaceOptions,
  where: string,
): MemoryShare | undefined {
  const share = resolveMemoryShare(memoryShare, where)
  if (share === undefined || memory.hasRoomFor(share)) return share
  const allowed = 'floors of at most 1 together, for at most 64 namespaces'
  throw invalidOption(where, 'memoryShare', `{ min: ${share.min} }`, allowed)
}
