/** An algorithm that an option names must be there before the first value. */
import { invalidOption } from '../../../core/option-reading.js'
import type { CompressionAlgorithm } from '../../../core/stored-format.js'
import { algorithmNamed, packageOf } from './algorithms.js'

/** Throws OPTION_INVALID for one whose package is not installed, and names the package. */
export function checkInstalled(name: CompressionAlgorithm, where: string, option: string): void {
  if (name === 'auto' || algorithmNamed(name) !== undefined) return
  const allowed = `what is installed here; '${name}' takes ${packageOf(name)}`
  throw invalidOption(where, option, name, allowed)
}
