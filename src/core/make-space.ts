/** A namespace out of its options, under the policy of what it belongs to. */
import type { Engine } from './engine.js'
import { invalidOption } from './option-reading.js'
import { type NamespaceOptions, type Policy, resolvePolicy } from './options.js'
import type { Space } from './space.js'

export function makeSpace(
  engine: Engine,
  above: Policy,
  name: string,
  options: NamespaceOptions,
): Space {
  const where = `namespace '${name}'`
  const policy = resolvePolicy(above, options, 'namespace', where)
  const { schema } = options
  if (schema !== undefined && typeof schema['~standard']?.validate !== 'function') {
    const allowed = 'a Standard Schema (an object with ~standard.validate)'
    throw invalidOption(where, 'schema', schema, allowed)
  }
  return engine.space(name, policy, schema)
}
