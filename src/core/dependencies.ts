/** Which tags an entry gets for what it depends on. */
import type { DependencyRef } from './dependency.js'
import {
  dependencyError,
  dependencyOf,
  dependencyTag,
  isDependencyTag,
  readDependency,
} from './dependency.js'
import type { Engine } from './engine.js'
import { addTag, type Policy } from './options.js'
import type { Space } from './space.js'

/** The policy with a tag for each. Throws OPTION_INVALID. */
export function withDependencies(
  engine: Engine,
  space: Space,
  policy: Policy,
  refs: readonly DependencyRef[] | undefined,
  where: string,
): Policy {
  if (refs === undefined) return policy
  if (!Array.isArray(refs)) throw dependencyError(refs, where)
  let { tags } = policy
  for (const ref of refs) tags = addDependency(engine, space, tags, ref, where)
  return { ...policy, tags }
}

/** Throws OPTION_INVALID where nobody would hear of that key's invalidations. */
export function addDependency(
  engine: Engine,
  space: Space,
  tags: readonly string[],
  ref: DependencyRef,
  where: string,
): readonly string[] {
  const on = readDependency(ref, space.name, where)
  if (engine.findSpace(on.namespace)?.policy.dependents !== true) {
    throw dependencyError(`'${on.namespace}'`, where)
  }
  return addTag(tags, dependencyTag(on), where)
}

/**
 * The tags under which an entry is kept: what memory knows of the tags of those it depends on, and
 * not its own. Throws OPTION_INVALID where that are too many.
 */
export function keptTags(
  engine: Engine,
  { name: namespace }: Space,
  key: string,
  tags: readonly string[],
): readonly string[] {
  if (!tags.some(isDependencyTag)) return tags
  const ownTag = dependencyTag({ namespace, key })
  let all: readonly string[] = tags
  for (const tag of tags) {
    const on = dependencyOf(tag)
    const entry = on && engine.findSpace(on.namespace)?.memory.read(on.key)
    for (const further of entry?.tags ?? []) all = addTag(all, further, 'dependsOn')
  }
  return all.filter((tag) => tag !== ownTag)
}
