import { createHash } from 'node:crypto'
import { argumentsKey } from '../../core/argument-key.js'

/**
 * SHA-256, in hex: of bytes or text as they are, of anything else by its content, the order of
 * properties not mattering. Throws KEY_INVALID for what has no text, as a function.
 */
export function generateHash(content: unknown): string {
  const isPlain = typeof content === 'string' || content instanceof Uint8Array
  const input = isPlain ? content : argumentsKey([content], 'generateHash')
  return createHash('sha256').update(input).digest('hex')
}
