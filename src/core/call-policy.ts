/** The policy of one call, under that of its namespace. */
import { withDependencies } from './dependencies.js'
import type { DependencyRef } from './dependency.js'
import type { Engine } from './engine.js'
import { type Policy, resolvePolicy } from './options.js'
import type { Space } from './space.js'

/** Throws OPTION_UNKNOWN or OPTION_INVALID. */
export function callPolicy(
  engine: Engine,
  space: Space,
  options: object | undefined,
  scope: 'call' | 'set',
  where: string,
): Policy {
  if (options === undefined) return space.policy
  const policy = resolvePolicy(space.policy, options, scope, where)
  const { dependsOn } = options as { dependsOn?: readonly DependencyRef[] | undefined }
  return withDependencies(engine, space, policy, dependsOn, where)
}
